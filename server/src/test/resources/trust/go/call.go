// Makes one MCP call with net/http and prints its answer. Arguments: the URL, the user token.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}`

func main() {
	request, err := http.NewRequest("POST", os.Args[1], strings.NewReader(body))
	check(err)
	request.Header.Set("Authorization", "Bearer "+os.Args[2])
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	answer, err := http.DefaultClient.Do(request)
	check(err)
	text, err := io.ReadAll(answer.Body)
	check(err)
	fmt.Println(string(text))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
