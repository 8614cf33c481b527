# Completion of csapi-update for bash. Written by scripts/generate.c from the tables; edit those and run `make generate`.

_csapi_update()
{
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} word
	# bash breaks --option=value into three words.
	if [[ $current == '=' ]]; then
		current=
	elif [[ $option == '=' ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $option in
	--from)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--follow)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--if-older-than)
		mapfile -t COMPREPLY < <(compgen -W 'auto' -- "$current")
		return
		;;
	--random-delay)
		COMPREPLY=()
		return
		;;
	--max-time)
		COMPREPLY=()
		return
		;;
	--config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--directory | -d)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--socket)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--option | -o)
		COMPREPLY=()
		return
		;;
	--fetch-path)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--worker-path)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$current")
		return
		;;
	--log)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	esac
	local only_files=
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -- ]] && only_files=yes
	done
	if [[ $current == -* && -z $only_files ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--check -n --dry-run --rollback --check-config --daemon --from= --follow= --if-older-than= --random-delay= --force --max-time= --no-reload --config= -d --directory= --socket= -o --option= --fetch-path= --worker-path= --format= -q --quiet -v --verbose --log= -h --help -V --version ' -- "$current")
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	else
		COMPREPLY=()
	fi
}
complete -F _csapi_update csapi-update
