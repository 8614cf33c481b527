# Completion of csapi-scan for bash. Written by scripts/generate.c from the tables; edit those and run `make generate`.

_csapi_scan()
{
	local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} word
	# bash breaks --option=value into three words.
	if [[ $current == '=' ]]; then
		current=
	elif [[ $option == '=' ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $option in
	--files0-from)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--part)
		COMPREPLY=()
		return
		;;
	--read-timeout)
		COMPREPLY=()
		return
		;;
	--engine | -e)
		COMPREPLY=()
		return
		;;
	--context)
		COMPREPLY=()
		return
		;;
	--config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W 'json text sh sieve clam filter tap junit' -- "$current")
		return
		;;
	--exit)
		mapfile -t COMPREPLY < <(compgen -W 'scan mda zero' -- "$current")
		return
		;;
	--deadline)
		COMPREPLY=()
		return
		;;
	--expect)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--output | -o)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--jobs | -j)
		mapfile -t COMPREPLY < <(compgen -W 'auto' -- "$current")
		return
		;;
	--passwords)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--socket)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
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
	--explain)
		mapfile -t COMPREPLY < <(compgen -W 'all EC_AV_CLEAN EC_AV_INFECTED EC_AV_UNSCANNABLE EC_AV_ERROR EC_AV_PART_IS_CONTAINER EC_AV_NAME_TOO_LONG EC_AV_NO_ENGINE EC_AV_NOT_SUITABLE_FOR_STREAMING AVS_RESULT_VIRUS_FOUND AVS_RESULT_DEFINITIONS_MISSING AVS_RESULT_ENGINE_LOAD_FAILED AVS_RESULT_SCANNER_NOT_INITIALIZED AVS_RESULT_SCANFILE_FAILURE AVS_RESULT_REINITIALIZATION_PROHIBITED AVS_RESULT_INVALID_DEFAULT_FILE_EXTENSION DEC_RESULT_SCAN_ENGINE_EXCEPTION DEC_RESULT_OUT_OF_MEMORY DEC_RESULT_TEMP_DIR_ACCESS_FAILED DEC_RESULT_TEMPFILE_ACCESS_FAILED DEC_RESULT_INIT_DECOMPOSER_FAILED DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR DEC_RESULT_CONTAINER_ACCESS_FAILED DEC_RESULT_FILE_ACCESS_FAILED DEC_RESULT_PARAMETER_INVALID DEC_RESULT_POLICY_INVALID DEC_RESULT_DEF_DIR_ACCESS_FAILED DEC_RESULT_CLOSE_CONTAINER_FAILED DEC_RESULT_SCANNER_NOT_INITIALIZED DEC_RESULT_REINITIALIZATION_PROHIBITED DEC_RESULT_DEFINITION_DIR_UNSET DEC_RESULT_UPDATE_CONTAINER_FAILED DEC_RESULT_INVALID_FILE_MODIFICATION DEC_RESULT_CREATE_OUTPUT_FILE_FAILED DEC_RESULT_BUFFER_SIZE_TOO_SMALL DEC_RESULT_FAILED_INSERTING_NOTIFICATION_IN_EMPTY_BODY_MIME DEC_RESULT_FILE_SIZE_TOO_LARGE DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED DEC_RESULT_MAXIMUM_FILES_EXTRACTED DEC_RESULT_MAXIMUM_DEPTH_REACHED DEC_RESULT_ENCRYPTED_CONTAINER_DELETED DEC_RESULT_MALFORMED_CONTAINER_DELETED DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS DEC_RESULT_PARTIAL_MESSAGE_DETECTED DEC_RESULT_MALFORMED_CONTAINER_DETECTED DEC_RESULT_OPEN_CONTAINER_FAILED DEC_RESULT_CONTAINER_EXTRACT_FAILED DEC_RESULT_FILE_EXTRACT_FAILED DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM DEC_RESULT_MIME_PARSING_FAILED DEC_RESULT_ABORTED_AFTER_FIRST_THREAT DEC_RESULT_LESS_THAN_MINIMUM_EXTRACT_SIZE DEC_RESULT_CHILD_FILE_SIZE_UNKNOWN DEC_RESULT_OUTER_CONTAINER_IS_MIME GEN_RESULT_OUT_OF_MEMORY GEN_RESULT_UNEXPECTED_EXCEPTION_CAUGHT GEN_RESULT_SCANNER_NOT_INITIALIZED GEN_RESULT_DEFINITION_DIR_UNSET GEN_RESULT_PARAMETER_INVALID GEN_RESULT_POLICY_INVALID GEN_RESULT_REINITIALIZATION_PROHIBITED GEN_RESULT_EMPTY_POLICY GEN_RESULT_AVSCANNER_IN_SCANNINGORDER_NOT_INITIALIZED GEN_RESULT_LOAD_MESSAGE_CATALOG_FAILED LIC_RESULT_POLICY_INVALID LIC_RESULT_LICENSE_NOT_INSTALLED LIC_RESULT_NO_LICENSE_MANAGER LIC_RESULT_INVALID_AV_SCANNER_LICENSE LIC_RESULT_INVALID_DECOMPOSER_SCANNER_LICENSE LIC_RESULT_INVALID_ANTISPAM_UPDATES_LICENSE LIC_RESULT_INVALID_AV_UPDATES_LICENSE' -- "$current")
		return
		;;
	esac
	local only_files=
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -- ]] && only_files=yes
	done
	if [[ $current == -* && -z $only_files ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-r --recursive --files0-from= --part= --wire --read-timeout= -e --engine= --engines --hook --context= --config= --check-config --format= --exit= --deadline= --expect= --disinfect --disinfect=infected --disinfect=infected,encrypted --disinfect=infected,malformed --disinfect=infected,encrypted,malformed -o --output= -0 --null --all-parts -q --quiet --no-progress -j --jobs= --first-threat --paranoid --passwords= --mime-decompose --socket= --private --definitions= --max-age= --file-base= --scanner-path= --max-extract-depth= --max-extract-size= --max-cumulative-extract-size= --max-extract-time= --max-file-count= --timeout= --explain= --self-test -V --version -h --help ' -- "$current")
		[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	else
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	fi
}
complete -F _csapi_scan csapi-scan
