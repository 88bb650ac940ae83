package driver

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/haproof/haproof/harness"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/net/http/httpguts"
)

// mostTargets bounds a file of targets.
const mostTargets = 1_000_000

// Listing is what all targets of a list have in common unless they say otherwise.
type Listing struct {
	Method string      // of URLs; empty means GET
	Header http.Header // added to each
	Body   []byte      // of those without one

	Template bool // paths, headers and bodies hold placeholders, see harness.ParsePattern
}

// List returns requests for URLs, and the endpoints that they go to.
func (l Listing) List(urls []string) ([]harness.Request, []harness.Endpoint, error) {
	var targets []vegeta.Target
	for _, u := range urls {
		method := l.Method
		if method == "" {
			method = http.MethodGet
		}
		targets = append(targets, vegeta.Target{Method: method, URL: u, Header: l.Header, Body: l.Body})
	}
	return l.requests(targets)
}

// Read returns the requests of a file of targets in vegeta's format http or json,
// and the endpoints that they go to.
func (l Listing) Read(file io.Reader, format string) ([]harness.Request, []harness.Endpoint, error) {
	var targeter vegeta.Targeter
	switch format {
	case vegeta.HTTPTargetFormat:
		targeter = vegeta.NewHTTPTargeter(file, l.Body, l.Header)
	case vegeta.JSONTargetFormat:
		targeter = vegeta.NewJSONTargeter(file, l.Body, l.Header)
	default:
		return nil, nil, fmt.Errorf("unknown format %q of targets: there are %s and %s", format, vegeta.HTTPTargetFormat, vegeta.JSONTargetFormat)
	}
	targets, err := vegeta.ReadAllTargets(targeter)
	if err != nil {
		return nil, nil, fmt.Errorf("target %d: %w", len(targets)+1, err)
	}
	return l.requests(targets)
}

// requests sorts targets by where they go.
func (l Listing) requests(targets []vegeta.Target) ([]harness.Request, []harness.Endpoint, error) {
	if len(targets) > mostTargets {
		return nil, nil, fmt.Errorf("%d targets are more than the limit of %d", len(targets), mostTargets)
	}
	var all []harness.Request
	var to []harness.Endpoint
	for i, t := range targets {
		r, address, err := request(t)
		if err == nil && l.Template {
			err = asTemplate(&r, t.URL)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("target %d: %w", i+1, err)
		}
		r.Endpoint = slices.IndexFunc(to, func(e harness.Endpoint) bool { return e.Node == address })
		if r.Endpoint < 0 {
			e := harness.Endpoint{Node: address, HTTP: address}
			if r.TLS {
				e.HTTP, e.HTTPS = "", address
			}
			r.Endpoint, to = len(to), append(to, e)
		}
		if r.TLS != (to[r.Endpoint].HTTPS != "") {
			return nil, nil, fmt.Errorf("target %d: %s is asked over TLS and in clear", i+1, address)
		}
		all = append(all, r)
	}
	return all, to, nil
}

var errHeader = errors.New("is no header field, or its value has a line break: want 'Name: value'")

// request makes a target what goes onto the wire, and says to which address.
func request(t vegeta.Target) (r harness.Request, address string, err error) {
	u, err := url.Parse(t.URL)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return r, "", fmt.Errorf("%q is no URL such as http://127.0.0.1:8080/", t.URL)
	case u.User != nil:
		return r, "", fmt.Errorf("%s: a name and a password in a URL are not sent: use a header Authorization", u.Redacted())
	case !httpguts.ValidHeaderFieldName(t.Method): // both are tokens
		return r, "", fmt.Errorf("%q is no method such as GET", t.Method)
	}
	if _, err := strconv.ParseUint(cmp.Or(u.Port(), "80"), 10, 16); err != nil {
		return r, "", fmt.Errorf("%q: %s is no port from 1 to 65535", t.URL, u.Port())
	}
	r = harness.Request{
		TLS: u.Scheme == "https", Method: t.Method, Host: u.Host, Path: u.RequestURI(), Body: string(t.Body),
	}
	port := u.Port()
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[r.TLS]
	}
	if host := t.Header.Get("Host"); host != "" {
		r.Host = host
	}
	r.Header, err = headerLines(t.Header)
	return r, net.JoinHostPort(u.Hostname(), port), err
}

// asTemplate takes the placeholders of a request for what they are. Its path stands as
// it was written, because an URL has no braces.
func asTemplate(r *harness.Request, text string) error {
	_, rest, _ := strings.Cut(text, "://")
	rest, _, _ = strings.Cut(rest, "#")
	r.Template, r.Path = true, "/"
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		r.Path = "/" + strings.TrimPrefix(rest[at:], "/")
	}
	if strings.ContainsFunc(r.Path, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return fmt.Errorf("path %q: a character that a path cannot have", r.Path)
	}
	if strings.Contains(r.Host, "{") {
		return fmt.Errorf("host %q: no placeholder can stand in a host", r.Host)
	}
	for _, part := range []struct{ name, text string }{{"path", r.Path}, {"header", r.Header}, {"body", r.Body}} {
		if _, err := harness.ParsePattern(part.text); err != nil {
			return fmt.Errorf("%s, %w", part.name, err)
		}
	}
	return nil
}

// headerLines writes a header as it goes onto the wire, without the fields that
// the driver writes itself.
func headerLines(h http.Header) (string, error) {
	h = h.Clone()
	if h == nil {
		h = http.Header{}
	}
	for _, own := range []string{"Host", "Content-Length", "Connection", "Transfer-Encoding", harness.SeqHeader} {
		h.Del(own)
	}
	for name, value := range map[string]string{"User-Agent": "haproof", "Accept": "*/*"} {
		if h.Get(name) == "" {
			h.Set(name, value)
		}
	}
	for name, values := range h {
		if !httpguts.ValidHeaderFieldName(name) || strings.ContainsAny(strings.Join(values, ""), "\r\n") {
			return "", fmt.Errorf("%q %w", name, errHeader)
		}
	}
	var b bytes.Buffer
	err := h.Write(&b) // in sorted order
	return b.String(), err
}
