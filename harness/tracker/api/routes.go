package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"
	"net/url"
	"slices"
	"strings"
	"time"
)

// handler answers a question, or returns an error before it has written anything. A
// problem is answered as it is; errGone is not answered.
type handler func(http.ResponseWriter, *http.Request) error

// route is one path and what answers there. GET includes HEAD.
type route struct {
	method string
	path   string // as http.ServeMux has it
	answer handler
	open   bool // needs no token
	page   bool // for people: without a token they are led to the login
	plain  bool // must not be compressed or is already
}

func (a *API) routes() []route {
	all := []route{
		{method: "GET", path: "/v1/counts", answer: a.serveCounts},
		{method: "GET", path: "/v1/customers", answer: a.serveCustomers},
		{method: "GET", path: "/v1/customers/{name...}", answer: a.serveCustomer},
		{method: "GET", path: "/v1/usage", answer: a.serveUsage},
		{method: "GET", path: "/v1/sources", answer: a.serveSources},
		{method: "GET", path: "/v1/sources/{name}", answer: a.serveSource},
		{method: "GET", path: "/v1/plans", answer: a.servePlans},
		{method: "GET", path: "/v1/events", answer: a.serveEvents, plain: true},
		{method: "GET", path: "/openapi.json", answer: serveDescription},
		{method: "GET", path: "/metrics", answer: a.metrics.serve},
		{method: "GET", path: "/healthz", answer: serveHealth, open: true},
		{method: "GET", path: "/readyz", answer: a.serveReady, open: true},
		{method: "GET", path: "/{$}", answer: a.servePage, page: true},
		{method: "GET", path: "/customer", answer: a.serveCustomerPage, page: true},
		{method: "GET", path: "/assets/{file}", answer: serveAsset, open: true},
		{method: "GET", path: "/login", answer: a.serveLogin, open: true},
		{method: "POST", path: "/login", answer: a.login, open: true},
		{method: "POST", path: "/logout", answer: a.logout, open: true},
	}
	if a.cfg.Pprof {
		all = append(all, route{method: "GET", path: "/debug/pprof/{profile...}", answer: serveProfile, plain: true})
	}
	return all
}

// serveProfile answers GET /debug/pprof/. A profile takes as long as its question says.
func serveProfile(w http.ResponseWriter, r *http.Request) error {
	control := http.NewResponseController(w)
	if err := errors.Join(control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{})); err != nil {
		return err
	}
	switch r.PathValue("profile") {
	case "cmdline":
		pprof.Cmdline(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Index(w, r)
	}
	return nil
}

// handler is everything that the API serves.
func (a *API) handler() http.Handler {
	mux := http.NewServeMux()
	methods := make(map[string][]string)
	for _, r := range a.routes() {
		mux.Handle(r.method+" "+r.path, a.entrance(r))
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, known := range methods {
		mux.Handle(path, a.entrance(route{path: path, answer: wrongMethod(known), open: true}))
	}
	mux.Handle("/", a.entrance(route{path: "other", answer: serveNothing}))
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(a.entrance(route{path: "other", answer: wrongOrigin, open: true}))
	checked := sameOrigin.Handler(mux)
	unclean := a.entrance(route{path: "other", answer: wrongPath})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if needsCleaning(r.URL.EscapedPath()) {
			unclean.ServeHTTP(w, r)
			return
		}
		checked.ServeHTTP(w, r)
	})
}

// needsCleaning says whether http.ServeMux would redirect to another path. That would
// be one of another customer.
func needsCleaning(path string) bool {
	for i, part := range strings.Split(path, "/") {
		if part == "." || part == ".." || part == "" && i > 0 && i < strings.Count(path, "/") {
			return true
		}
	}
	return false
}

func wrongPath(_ http.ResponseWriter, r *http.Request) error {
	return problemf(http.StatusBadRequest, "path %.200q has an empty, \".\" or \"..\" part; in a name, write '/' as %%2F and '.' as %%2E", r.URL.EscapedPath())
}

// entrance is what every question passes before it is answered.
func (a *API) entrance(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secureHeaders(w.Header())
		observed := a.metrics.observe(w, to)
		defer observed.done()
		answer, end := http.ResponseWriter(observed), func() error { return nil }
		if !to.plain && wantsCompressed(r) {
			c := newCompressor(observed)
			answer, end = c, c.close
		}
		err := a.admit(answer, r, to)
		if err == nil {
			err = to.answer(answer, r)
		}
		switch {
		case err == nil || errors.Is(err, errGone):
		case errors.Is(err, errLogin):
			http.Redirect(answer, r, "/login?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		case to.page:
			a.writeProblemPage(answer, err)
		default:
			writeProblem(answer, err)
		}
		if end() != nil || errors.Is(err, errGone) {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
	})
}

// admit decides whether a question may be asked.
func (a *API) admit(w http.ResponseWriter, r *http.Request, to route) error {
	if len(a.cfg.Tokens) == 0 {
		return a.checkHost(r)
	}
	if to.open || a.door.opens(r, time.Now()) {
		return nil
	}
	if to.page {
		return errLogin
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="quota-tracker"`)
	return problemf(http.StatusUnauthorized, "give a token: Authorization: Bearer TOKEN, or log in at /login")
}

// secureHeaders tell browsers to trust nothing but us.
func secureHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func wrongMethod(known []string) handler {
	if slices.Contains(known, "GET") {
		known = append(slices.Clone(known), "HEAD")
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", strings.Join(known, ", "))
		return problemf(http.StatusMethodNotAllowed, "%s has no %s; it has %s", r.URL.Path, r.Method, strings.Join(known, ", "))
	}
}

func serveNothing(_ http.ResponseWriter, r *http.Request) error {
	return problemf(http.StatusNotFound, "nothing is at %s; /openapi.json says what there is", r.URL.Path)
}

func wrongOrigin(http.ResponseWriter, *http.Request) error {
	return problemf(http.StatusForbidden, "a page of another origin asked for this")
}

func serveHealth(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("ok\n"))
	return gone(err)
}

// ready is nil when the tracker is ready and the store is well.
func (a *API) ready() error {
	if err := a.server.Ready(); err != nil || a.cfg.Journal == nil {
		return err
	}
	if err := a.cfg.Journal().FoldErr; err != nil {
		return fmt.Errorf("the journal of the store cannot be sorted in: %w", err)
	}
	return nil
}

// serveReady answers what ready says as text: it is for probes, and who reads them.
func (a *API) serveReady(w http.ResponseWriter, r *http.Request) error {
	if err := a.ready(); err != nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, err = w.Write([]byte(err.Error() + "\n"))
		return gone(err)
	}
	return serveHealth(w, r)
}
