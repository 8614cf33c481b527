<?php
// mailparse.php - what PHP's mailparse gets out of mail; see readers.py.
while (($path = fgets(STDIN)) !== false) {
	$path = rtrim($path, "\n");
	$mail = @mailparse_msg_parse_file($path);
	if (!$mail)
		continue;
	foreach (mailparse_msg_get_structure($mail) as $id) {
		$part = mailparse_msg_get_part($mail, $id);
		$body = @mailparse_msg_extract_part_file($part, $path, null);
		if (is_string($body))
			echo $path, "\t", base64_encode($body), "\n";
	}
	mailparse_msg_free($mail);
}
