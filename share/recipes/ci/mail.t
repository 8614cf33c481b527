#!/bin/sh
# A test for prove(1): t/mail.t of a repository with mail in t/mail and the expectations in t/mail.expected.
cd "$(dirname "$0")" || exit 2
exec csapi-scan --no-progress -r --format=tap --expect=mail.expected mail
