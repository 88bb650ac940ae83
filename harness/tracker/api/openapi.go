package api

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.json
var description []byte

// serveDescription answers GET /openapi.json.
func serveDescription(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(description)
	return gone(err)
}
