#!/usr/bin/env bats
# The Lua module msys.av, in the interpreters themselves: Lua 5.1, LuaJIT and Lua 5.4.
bats_require_minimum_version 1.5.0
load helper

setup_file() {
	open_file
	start_scanner -j 2
}

teardown_file() {
	stop_scanner
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	infected=$ROOT/share/samples/eicar-in-nested-zip.eml
	clean=$ROOT/share/samples/clean.eml
	encrypted=$ROOT/share/samples/encrypted-zip.eml
	export CSAPI_SOCKET=$socket infected clean encrypted ROOT
	unset skip_virus_check
	! sanitized || skip "a sanitizer comes first"
}

# need KIND: the interpreter and the module that was built for it.
need() {
	case $1 in
	5.1) interpreter=lua5.1 ;;
	5.4) interpreter=lua5.4 ;;
	jit) interpreter=luajit ;;
	esac
	command -v $interpreter >/dev/null || skip "there is no $interpreter"
	module=$BUILD/lua/$1
	# LuaJIT loads what was built for 5.1.
	[ -e "$module/msys/av.so" ] || module=$BUILD/lua/5.1
	[ -e "$module/msys/av.so" ] || skip "the module was not built for Lua $1: its headers are not here"
}

# lua KIND: runs the script on standard input, which may use `say(...)` and `slurp(path)`; nothing but what it says may be printed.
lua() {
	need "$1"
	{
		cat <<-'END'
			local av = require "msys.av"
			local getenv = os.getenv
			local infected, clean, encrypted = getenv "infected", getenv "clean", getenv "encrypted"
			local function say(...)
				local words = {}
				for i = 1, select("#", ...) do words[i] = tostring((select(i, ...))) end
				print(table.concat(words, "|"))
			end
			local function slurp(path)
				local file = assert(io.open(path, "rb"))
				local text = file:read("*a")
				file:close()
				return text
			end
		END
		cat
	} >script.lua
	run --separate-stderr env LD_LIBRARY_PATH="$BUILD" LUA_CPATH="$module/?.so" LUA_CPATH_5_4="$module/?.so" "$interpreter" script.lua
	[ -z "$stderr" ] || fail "it printed"
	[ "$status" -eq 0 ] || fail "it ended with $status"
}

configure() {
	printf '%s\n' "$1" >csapi.conf
	export CSAPI_CONFIG=$PWD/csapi.conf
}

# --- what each interpreter must do ------------------------------------------------------------------------------------

scans() {
	lua "$1" <<-'END'
		say(_VERSION, msys.av == av, av._VERSION)
		say(av.EC_AV_CLEAN, av.EC_AV_INFECTED, av.EC_AV_UNSCANNABLE, av.EC_AV_ERROR, av.EC_AV_PART_IS_CONTAINER, av.EC_AV_NAME_TOO_LONG,
			av.EC_AV_NO_ENGINE, av.EC_AV_NOT_SUITABLE_FOR_STREAMING)
		say(table.concat(av.engines(), ","))
		say(av.scan(nil, slurp(clean)))
		say(av.scan("csapi", slurp(infected)))
		say(av.scan(nil, slurp(encrypted)))
		say(av.scan(nil, {file = infected}))
		say(av.scan(nil, {file = "/nonexistent"}))
		say(select("#", av.scan(nil, slurp(clean))))
	END
	[[ ${lines[0]} == "Lua 5."*"|true|0."* ]]
	[ "${lines[1]}" = "0|1|2|3|4|5|6|7" ]
	[ "${lines[2]}" = csapi ]
	[ "${lines[3]}" = "0||nil|nil" ]
	[ "${lines[4]}" = "1|Eicar-Test-Signature|csapi|AVS_RESULT_VIRUS_FOUND" ]
	[[ ${lines[5]} == "2|A file in a container is encrypted: "*"|nil|DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED" ]]
	[ "${lines[6]}" = "${lines[4]}" ]
	[[ ${lines[7]} == "3|"*"No such file"*"|nil|DEC_RESULT_CONTAINER_ACCESS_FAILED" ]]
	[ "${lines[8]}" = 4 ]
}

files() {
	lua "$1" <<-'END'
		local file = io.open(infected, "rb")
		say(av.scan(nil, file))
		say(file:read(1), av.scan(nil, file))
		file:seek("set", 0)
		file:read("*l")
		say(file:seek() > 0, av.scan(nil, file))
		file:close()
		say(av.scan(nil, file))
		file = io.popen("cat '" .. infected .. "'")
		say(av.scan(nil, file))
		file:close()
		file = io.open("/")
		say(av.scan(nil, file))
		say(av.scan())
		local context = {}
		say(av.scan(nil, nil, context))
		say(context.csapi_status, context.csapi_status_info)
		file = io.open(infected, "rb")
		say(av.scan_part(file))
	END
	[[ ${lines[0]} == "1|Eicar-"* ]]
	[ "${lines[1]}" = "nil|0||nil|nil" ]
	[[ ${lines[2]} == "true|"[012]"|"* ]]
	[[ ${lines[3]} == "3|"*"|nil|DEC_RESULT_CONTAINER_ACCESS_FAILED" ]]
	[[ ${lines[4]} == "1|Eicar-"* ]]
	[[ ${lines[5]} == "3|"*"Is a directory"* ]]
	[ "${lines[6]}" = "3|no message was given, and outside of a mail server there is none at hand|nil|DEC_RESULT_CONTAINER_ACCESS_FAILED" ]
	[ "${lines[7]}" = "${lines[6]}" ]
	[ "${lines[8]}" = "error|no message was given, and outside of a mail server there is none at hand" ]
	[[ ${lines[9]} == "4|"* ]]
}

parts() {
	lua "$1" <<-'END'
		local eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS" .. "-TEST-FILE!$H+H*"
		say(av.scan_part("Content-Type: text/plain\n\n" .. eicar))
		say(av.scan_part("Content-Type: text/plain\r\n\r\nhello", "csapi"))
		say(av.scan_part("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n"))
		say(av.scan_part("Content-Type: message/rfc822\n\nSubject: x\n\nx\n", nil, {}))
		say(av.scan_part(nil))
	END
	[ "${lines[0]}" = "1|Eicar-Test-Signature|csapi|AVS_RESULT_VIRUS_FOUND" ]
	[ "${lines[1]}" = "0||nil|nil" ]
	[[ ${lines[2]} == "4|part 1 is a container"*"|nil|nil" ]]
	[[ ${lines[3]} == "4|"* ]]
	[[ ${lines[4]} == "3|"* ]]
}

engines() {
	configure 'antivirus "a" { csapi "one" { enabled = false context_variable = "virus" } csapi "two" { skip_context_variable = "leave" } }'
	lua "$1" <<-'END'
		say(table.concat(av.engines(), ","))
		local context = {virus = "old", other = "stays"}
		say(av.scan("one", slurp(infected), context))
		say(context.virus == "", context.virus_info, context.other)
		say(av.scan("one", slurp(clean), context))
		say(context.virus, context.virus_info, context.other)
		say(av.scan("one", slurp(encrypted), context))
		say(context.virus, context.virus_info ~= "")
		say(av.scan(nil, slurp(infected)))
		context = {leave = true}
		say(av.scan("two", slurp(infected), context))
		say(context.csapi_status, context.leave)
		say((av.scan("two", slurp(infected), {leave = false})), (av.scan("two", slurp(infected), {leave = ""})), (av.scan("two", slurp(infected), {leave = 1})))
		say(av.scan(("x"):rep(41), slurp(infected)))
		say((av.scan(("x"):rep(40), slurp(infected))))
		say(av.scan("three", slurp(infected)))
	END
	[ "${lines[0]}" = one,two ]
	[ "${lines[1]}" = "1|Eicar-Test-Signature|one|AVS_RESULT_VIRUS_FOUND" ]
	[ "${lines[2]}" = "true|Eicar-Test-Signature|stays" ]
	[ "${lines[3]}" = "0||nil|nil" ]
	[ "${lines[4]}" = "nil|nil|stays" ]
	[[ ${lines[5]} == "2|"* ]]
	[ "${lines[6]}" = "error|true" ]
	[[ ${lines[7]} == "1|"*"|one|"* ]]
	[ "${lines[8]}" = "6|not scanned: the context variable leave is set|nil|nil" ]
	[ "${lines[9]}" = "nil|true" ]
	[ "${lines[10]}" = "1|1|6" ]
	[ "${lines[11]}" = "5|the name of the engine is longer than 40 characters|nil|GEN_RESULT_PARAMETER_INVALID" ]
	[ "${lines[12]}" = 6 ]
	[[ ${lines[13]} == "6|no engine is called \"three\""*"|nil|GEN_RESULT_PARAMETER_INVALID" ]]
}

# A name with a NUL in it, a bad configuration, and no scanner at all.
trouble() {
	configure 'antivirus "a" {}'
	lua "$1" <<<'say(#av.engines()) say(av.scan(nil, slurp(infected)))'
	[[ $output == $'0\n6|'*"|nil|GEN_RESULT_EMPTY_POLICY" ]]
	configure 'antivirus "a" { colour = "red" }'
	lua "$1" <<<'say(av.engines()) say(av.scan(nil, slurp(infected)))'
	[[ ${lines[0]} == "nil|"*"csapi.conf:1: "*colour* ]]
	[[ ${lines[1]} == "3|"*colour*"|nil|GEN_RESULT_POLICY_INVALID" ]]
	configure 'antivirus "a" { csapi "one" { socket = "'"$PWD/none"'" scanner_path = "/nonexistent" } }'
	lua "$1" <<<'local c = {} say(av.scan(nil, slurp(clean), c)) say(c.csapi_status)'
	[[ ${lines[0]} == "3|"*"|nil|GEN_RESULT_SCANNER_NOT_INITIALIZED" ]]
	[ "${lines[1]}" = error ]
	lua "$1" <<-'END'
		for _, try in ipairs {{nil, 1}, {nil, true}, {nil, {}}, {nil, print}, {{}, "x"}, {nil, "x", 1}} do
			local good, text = pcall(av.scan, try[1], try[2], try[3])
			say(good, (text:gsub("^.-: ", "")))
		end
		say((pcall(av.scan_part, 7)))
	END
	[ "${#lines[@]}" -eq 7 ]
	for line in "${lines[@]}"; do [[ $line == false* ]] || fail "no error"; done
}

many() {
	lua "$1" <<-'END'
		local function open()
			collectgarbage() collectgarbage()
			local stat = io.open("/proc/self/stat")
			local process = stat:read("*n")
			stat:close()
			-- A moment later the pipe has one end here.
			local list = io.popen("sleep 0.05; ls /proc/" .. process .. "/fd | wc -l")
			local count = list:read("*n")
			list:close()
			return count
		end
		av.scan(nil, slurp(infected))
		collectgarbage() collectgarbage()
		local before = open()
		local text, wrong = slurp(infected), 0
		for i = 1, 200 do
			if av.scan(nil, i % 2 == 0 and text or {file = infected}, {}) ~= av.EC_AV_INFECTED then wrong = wrong + 1 end
		end
		collectgarbage() collectgarbage()
		say(wrong, open() - before)
		-- An error in the middle of a call leaves nothing either.
		for i = 1, 50 do
			assert(not pcall(av.scan, nil, text, setmetatable({}, {__newindex = function() error("no") end})))
		end
		collectgarbage() collectgarbage()
		say(open() - before)
	END
	[ "${lines[0]}" = "0|0" ]
	[ "${lines[1]}" = 0 ]
}

example() {
	lua "$1" <<-'END'
		local hook = dofile(os.getenv "ROOT" .. "/share/lua/validate_data.lua")
		local function reply(msg)
			local said = "nothing"
			local done = hook.validate_data(msg, nil, {set_code = function(_, code, text) said = code .. " " .. text end})
			say(done, said)
		end
		reply(slurp(clean))
		reply(slurp(infected))
		reply({raw = function() return slurp(infected) end})
		reply(slurp(encrypted))
		reply({file = "/nonexistent"})
		hook.context.skip_virus_check = true
		reply(slurp(infected))
	END
	[ "${lines[0]}" = "false|nothing" ]
	[ "${lines[1]}" = "true|550 Virus detected Eicar-Test-Signature" ]
	[ "${lines[2]}" = "${lines[1]}" ]
	[[ ${lines[3]} == "true|550 Message cannot be scanned: A file in a container is encrypted"* ]]
	[ "${lines[4]}" = "true|451 AV system offline" ]
	[ "${lines[5]}" = "false|nothing" ]
}

# A child of a process with a handle scans with one of its own, and the parent's still works; a private scanner ends with its state.
private() {
	export CSAPI_SOCKET=$PWD/none
	lua "$1" <<-'END'
		say((av.scan(nil, slurp(infected))), (av.scan(nil, slurp(clean))))
		local children = io.popen("ps -o comm= --ppid " .. io.open("/proc/self/stat"):read("*n") .. " | grep -c csapi-scanner")
		say(children:read("*n"))
	END
	[ "${lines[0]}" = "1|0" ]
	[ "${lines[1]}" = 1 ]
	[ -z "$(ps -eo args= | grep "[c]sapi-scanner.*$PWD")" ]
}

# --- tests ------------------------------------------------------------------------------------------------------------

@test "Lua 5.1: verdicts as four values, and the eight statuses" { scans 5.1; }
@test "LuaJIT: verdicts as four values, and the eight statuses" { scans jit; }
@test "Lua 5.4: verdicts as four values, and the eight statuses" { scans 5.4; }
@test "Lua 5.1: files, from where they stand; no message is never clean" { files 5.1; }
@test "LuaJIT: files, from where they stand; no message is never clean" { files jit; }
@test "Lua 5.4: files, from where they stand; no message is never clean" { files 5.4; }
@test "Lua 5.1: parts, and containers that are none" { parts 5.1; }
@test "LuaJIT: parts, and containers that are none" { parts jit; }
@test "Lua 5.4: parts, and containers that are none" { parts 5.4; }
@test "Lua 5.1: engines named, passive, skipped; context variables" { engines 5.1; }
@test "LuaJIT: engines named, passive, skipped; context variables" { engines jit; }
@test "Lua 5.4: engines named, passive, skipped; context variables" { engines 5.4; }
@test "Lua 5.1: trouble is a verdict, a wrong type an error" { trouble 5.1; }
@test "LuaJIT: trouble is a verdict, a wrong type an error" { trouble jit; }
@test "Lua 5.4: trouble is a verdict, a wrong type an error" { trouble 5.4; }
@test "Lua 5.1: two hundred scans leave no descriptor" { many 5.1; }
@test "LuaJIT: two hundred scans leave no descriptor" { many jit; }
@test "Lua 5.4: two hundred scans leave no descriptor" { many 5.4; }
@test "Lua 5.1: the example of a hook sets the replies" { example 5.1; }
@test "LuaJIT: the example of a hook sets the replies" { example jit; }
@test "Lua 5.4: the example of a hook sets the replies" { example 5.4; }
@test "Lua 5.1: a private scanner serves all scans and ends with the program" { private 5.1; }
@test "LuaJIT: a private scanner serves all scans and ends with the program" { private jit; }
@test "Lua 5.4: a private scanner serves all scans and ends with the program" { private 5.4; }
