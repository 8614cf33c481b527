# Completion of csapi-version for bash. Written by scripts/generate.c from the tables; edit those and run `make generate`.

_csapi_version()
{
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} word
	# bash breaks --option=value into three words.
	if [[ $current == '=' ]]; then
		current=
	elif [[ $option == '=' ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $option in
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'json text' -- "$current")
		return
		;;
	--definitions)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--max-age)
		COMPREPLY=()
		return
		;;
	--config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--socket)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--worker-path)
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
		mapfile -t COMPREPLY < <(compgen -W '--format= -v --verbose --definitions= --verify --max-age= --config= --check-config --socket= --no-scanner --worker-path= -V --version -h --help ' -- "$current")
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	else
		COMPREPLY=()
	fi
}
complete -F _csapi_version csapi-version
