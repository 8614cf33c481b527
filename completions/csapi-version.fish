# Completion of csapi-version for fish. Written by scripts/generate.c from the tables; edit those and run `make generate`.

complete -c csapi-version -f
complete -c csapi-version -l format -x -a 'json text' -d 'how it is written: json (default) or text'
complete -c csapi-version -l verbose -s v -d 'list files, updates and the scanner too; for --format=text'
complete -c csapi-version -l definitions -x -a '(__fish_complete_directories)' -d 'look at the definitions in DIRECTORY'
complete -c csapi-version -l verify -d 'verify signatures and hashes of the files now'
complete -c csapi-version -l max-age -x -d 'exit status 1 when the definitions are older (days, or with s, m, h, d)'
complete -c csapi-version -l config -r -F -d 'read the configuration from FILE'
complete -c csapi-version -l check-config -d 'check the configuration, print what is in force, and end'
complete -c csapi-version -l socket -r -F -d 'ask the scanner that listens at PATH'
complete -c csapi-version -l no-scanner -d 'ask no scanner'
complete -c csapi-version -l worker-path -r -F -d 'ask PROGRAM for the versions of engine and decomposer'
complete -c csapi-version -l version -s V -d 'print the version of csapi alone'
complete -c csapi-version -l help -s h -d 'print the options'
