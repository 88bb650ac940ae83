package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file that pages refer to. Its address changes with its content, so that
// browsers may keep it for ever.
type asset struct {
	media   string
	content []byte
}

// media are the types of assets, whatever the machine thinks of their endings.
var media = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// assets are by the last part of their addresses, addresses by file name.
var assets, addresses = readAssets("icon.svg", "page.css", "page.js")

func readAssets(names ...string) (map[string]asset, map[string]string) {
	files, addresses := make(map[string]asset), make(map[string]string)
	for _, name := range names {
		content, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			continue // pages without it are seen by the tests
		}
		sum := sha256.Sum256(content)
		ending := path.Ext(name)
		hashed := strings.TrimSuffix(name, ending) + "-" + hex.EncodeToString(sum[:6]) + ending
		files[hashed] = asset{media[ending], content}
		addresses[name] = "/assets/" + hashed
	}
	return files, addresses
}

// pages are the templates. html/template escapes by context.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"asset": func(name string) string { return addresses[name] },
}).ParseFS(assetFiles, "assets/*.html"))

// serveAsset answers GET /assets/{file}.
func serveAsset(w http.ResponseWriter, r *http.Request) error {
	f, ok := assets[r.PathValue("file")]
	if !ok {
		return serveNothing(w, r)
	}
	w.Header().Set("Content-Type", f.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err := w.Write(f.content)
	return gone(err)
}

// frame is what every page shows.
type frame struct {
	Title   string
	Table   string // empty where nobody has logged in
	Version string
	Live    bool // the page follows changes
	Tokens  bool // one can log out
}

func (a *API) frame(title string) frame { return frame{Title: title} }

// inner is the frame of a page behind the login.
func (a *API) inner(title string) frame {
	return frame{Title: title, Table: a.server.Table(), Version: a.cfg.Version, Live: true, Tokens: len(a.cfg.Tokens) > 0}
}

// writePage renders a template whole before it answers.
func writePage(w http.ResponseWriter, status int, name string, view any) error {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, view); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return gone(err)
}

// problemView is what the template of a problem shows.
type problemView struct {
	frame
	Problem *problem
}

// writeProblemPage is writeProblem for people.
func (a *API) writeProblemPage(w http.ResponseWriter, err error) {
	p := problemOf(err)
	if writePage(w, p.Status, "problem.html", problemView{frame: a.frame(p.Title), Problem: p}) != nil {
		writeProblem(w, p)
	}
}
