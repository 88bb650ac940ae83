// Command rival is other Go load generators: vegeta with its own transport, and
// fasthttp. It is a module of its own, so that their versions are theirs and the
// project does not depend on them.
//
//	rival closed vegeta|fasthttp URL CONNECTIONS LENGTH
//	rival open vegeta URL RATE LENGTH
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rival:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 5 {
		return errors.New("want closed|open, a client, a URL, a number and a length")
	}
	number, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	length, err := time.ParseDuration(args[4])
	if err != nil {
		return err
	}
	url := args[2]
	switch args[0] + " " + args[1] {
	case "closed vegeta":
		return closedVegeta(url, number, length)
	case "closed fasthttp":
		return closedFasthttp(url, number, length)
	case "open vegeta":
		said, err := openVegeta(url, number, length)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(said)
	}
	return fmt.Errorf("cannot do %s %s", args[0], args[1])
}
