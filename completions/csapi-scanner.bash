# Completion of csapi-scanner for bash. Written by scripts/generate.c from the tables; edit those and run `make generate`.

_csapi_scanner()
{
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} word
	# bash breaks --option=value into three words.
	if [[ $current == '=' ]]; then
		current=
	elif [[ $option == '=' ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $option in
	--config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--engine | -e)
		COMPREPLY=()
		return
		;;
	--listen)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--socket-mode)
		COMPREPLY=()
		return
		;;
	--max-concurrency | -j)
		mapfile -t COMPREPLY < <(compgen -W 'auto' -- "$current")
		return
		;;
	--max-queue)
		COMPREPLY=()
		return
		;;
	--cache-size)
		COMPREPLY=()
		return
		;;
	--idle-exit)
		COMPREPLY=()
		return
		;;
	--scanner-log)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--log-level)
		mapfile -t COMPREPLY < <(compgen -W 'error warning notice info debug' -- "$current")
		return
		;;
	--private)
		COMPREPLY=()
		return
		;;
	--clamd-socket)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--clamd-socket-mode)
		COMPREPLY=()
		return
		;;
	--clamd-listen)
		COMPREPLY=()
		return
		;;
	--clamd-stream-max)
		COMPREPLY=()
		return
		;;
	--definitions | -d)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--file-base)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--passwords)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--worker-path)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--option | -o)
		COMPREPLY=()
		return
		;;
	--isolation)
		mapfile -t COMPREPLY < <(compgen -W 'require degrade off' -- "$current")
		return
		;;
	--messages-per-worker)
		COMPREPLY=()
		return
		;;
	--user)
		COMPREPLY=()
		return
		;;
	--landlock-abi)
		COMPREPLY=()
		return
		;;
	--socket)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'text json prometheus' -- "$current")
		return
		;;
	--max-extract-depth)
		COMPREPLY=()
		return
		;;
	--max-extract-size)
		COMPREPLY=()
		return
		;;
	--max-cumulative-extract-size)
		COMPREPLY=()
		return
		;;
	--max-extract-time)
		COMPREPLY=()
		return
		;;
	--max-file-count)
		COMPREPLY=()
		return
		;;
	--timeout)
		COMPREPLY=()
		return
		;;
	esac
	local only_files=
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -- ]] && only_files=yes
	done
	if [[ $current == -* && -z $only_files ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--config= -e --engine= --check-config --listen= --socket-mode= -j --max-concurrency= --max-queue= --cache-size= --idle-exit= --low-memory --scanner-log= --log-level= --private= --clamd-socket= --clamd-socket-mode= --clamd-listen= --clamd-stream-max= -d --definitions= --no-engine --file-base= --passwords= --worker-path= -o --option= --isolation= --messages-per-worker= --user= --no-namespaces --landlock-abi= --socket= --format= --max-extract-depth= --max-extract-size= --max-cumulative-extract-size= --max-extract-time= --max-file-count= --timeout= -h --help -V --version ' -- "$current")
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	else
		mapfile -t COMPREPLY < <(compgen -W 'status stats reload stop ping' -- "$current")
	fi
}
complete -F _csapi_scanner csapi-scanner
