// mailparser.js - what Nodemailer's mailparser gets out of mail; see readers.py.
const fs = require("fs");
const { simpleParser } = require("mailparser");

async function main() {
	for (const path of fs.readFileSync(0, "latin1").split("\n").filter(Boolean)) {
		try {
			const mail = await simpleParser(fs.readFileSync(path));
			for (const part of mail.attachments) console.log(path + "\t" + part.content.toString("base64"));
			for (const text of [mail.text, mail.html]) if (text) console.log(path + "\t" + Buffer.from(text).toString("base64"));
		} catch (error) {
			continue;
		}
	}
}

main();
