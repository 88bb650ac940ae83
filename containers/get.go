package containers

import (
	"context"
	"io"
	"net/http"
)

// nodeClient asks nodes directly, whatever proxy the environment names.
var nodeClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// get asks one of the lab's nodes, over a connection of its own. Of a long
// answer it returns the first megabyte.
func get(ctx context.Context, url string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	return exchange(nodeClient, req)
}

// exchange returns the first megabyte of an answer.
func exchange(client *http.Client, req *http.Request) (status int, body string, err error) {
	answer, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	return answer.StatusCode, string(text), err
}
