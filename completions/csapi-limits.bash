# Completion of csapi-limits for bash. Written by scripts/generate.c from the tables; edit those and run `make generate`.

_csapi_limits()
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
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'text json config' -- "$current")
		return
		;;
	--walk-time)
		COMPREPLY=()
		return
		;;
	--socket)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--file-base)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--scanner-path)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
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
		mapfile -t COMPREPLY < <(compgen -W '--config= -e --engine= --check-config --format= --all-parts --ascii --walk-time= --wire --socket= --private --file-base= --scanner-path= --max-extract-depth= --max-extract-size= --max-cumulative-extract-size= --max-extract-time= --max-file-count= --timeout= -V --version -h --help ' -- "$current")
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	else
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	fi
}
complete -F _csapi_limits csapi-limits
