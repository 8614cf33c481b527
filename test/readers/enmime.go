// enmime.go - what Go's enmime gets out of mail; see readers.py.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"

	"github.com/jhillyerd/enmime"
)

func leaves(path string, part *enmime.Part) {
	for ; part != nil; part = part.NextSibling {
		fmt.Printf("%s\t%s\n", path, base64.StdEncoding.EncodeToString(part.Content))
		leaves(path, part.FirstChild)
	}
}

func read(path string) {
	defer func() { _ = recover() }()
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer file.Close()
	if mail, err := enmime.ReadEnvelope(file); err == nil {
		leaves(path, mail.Root)
	}
}

func main() {
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		read(names.Text())
	}
}
