-- validate_data.lua - scans a message once all of it has come, and says what is replied; for a mail server that calls Lua functions.
--
--   local hook = dofile("/usr/local/share/csapi/lua/validate_data.lua")
--   local result = hook.validate_data(msg, accept, vctx)
--
-- msg      the message: a string, a file, a table {file=PATH}, or an object of the server with a method raw()
-- accept   not used here
-- vctx     an object with a method set_code(self, code, text), which sets the reply
--
-- Returns false when the message may go on, true when a reply was set. Change the table `replies` to the policy of your site.

require "msys.av"

local hook = {}

-- What each verdict replies; %s is the name of the virus, or the reason. None: the message goes on.
hook.replies = {
	[msys.av.EC_AV_INFECTED] = {550, "Virus detected %s"},
	[msys.av.EC_AV_UNSCANNABLE] = {550, "Message cannot be scanned: %s"},
	[msys.av.EC_AV_ERROR] = {451, "AV system offline"},
	[msys.av.EC_AV_NO_ENGINE] = {451, "AV system offline"},
	[msys.av.EC_AV_NAME_TOO_LONG] = {451, "AV system offline"},
	[msys.av.EC_AV_PART_IS_CONTAINER] = {451, "AV system offline"},
	[msys.av.EC_AV_NOT_SUITABLE_FOR_STREAMING] = {550, "Message is too large to be scanned"},
}

-- Context variables: hook.context.skip_virus_check = true switches the scan off; those of the verdict are set in it.
hook.context = {}

local function content(msg)
	local kind = type(msg)
	if kind == "string" or (kind == "table" and msg.file) or io.type(msg) then
		return msg
	end
	return msg:raw()
end

function hook.validate_data(msg, accept, vctx)
	local status, info, _, code = msys.av.scan(nil, content(msg), hook.context)
	-- Not scanned because a context variable said so.
	if status == msys.av.EC_AV_NO_ENGINE and not code then
		return false
	end
	local reply = hook.replies[status]
	if not reply then
		return false
	end
	-- The text comes from the message: one line, no control characters, and of a length that a reply bears.
	local text = string.format(reply[2], (info:gsub("[^\32-\126]", "?"):sub(1, 200)))
	vctx:set_code(reply[1], text)
	return true
end

return hook
