package api

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker/plan"
)

// openAPI is what these tests read of openapi.json.
type openAPI struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		OperationID string
		Summary     string
		Parameters  []struct {
			Name, In string
			Required bool
		}
		Responses map[string]answerDescription
	}
	Components struct {
		Schemas   schemas
		Responses map[string]answerDescription
	}
}

type answerDescription struct {
	Ref     string `json:"$ref"`
	Content map[string]struct{ Schema map[string]any }
}

func readDescription(t *testing.T, text []byte) (d openAPI) {
	t.Helper()
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// pathOf returns a route's path as OpenAPI writes it.
func pathOf(route string) string {
	return strings.NewReplacer("{$}", "", "...}", "}").Replace(route)
}

func TestDescriptionHasEveryRouteAndNoOther(t *testing.T) {
	var routes, described []string
	for _, r := range new(API).routesForTest() {
		routes = append(routes, strings.ToLower(r.method)+" "+pathOf(r.path))
	}
	ids := map[string]bool{}
	for path, methods := range readDescription(t, description).Paths {
		for method, operation := range methods {
			described = append(described, method+" "+path)
			if operation.Summary == "" || operation.OperationID == "" || ids[operation.OperationID] {
				t.Errorf("%s %s: id %q and summary %q must be there, the id once", method, path, operation.OperationID, operation.Summary)
			}
			ids[operation.OperationID] = true
		}
	}
	slices.Sort(routes)
	slices.Sort(described)
	if diff := cmp.Diff(routes, described); diff != "" {
		t.Errorf("routes (-) and what is described (+):\n%s", diff)
	}
}

func (a *API) routesForTest() []route {
	a.metrics = NewMetrics()
	return a.routes()
}

// described finds the schema of an answer.
func (d openAPI) described(t *testing.T, path, method, status, media string) (map[string]any, bool) {
	t.Helper()
	answer, ok := d.Paths[path][method].Responses[status]
	if !ok {
		t.Errorf("%s %s: %s is not described", method, path, status)
		return nil, false
	}
	if answer.Ref != "" {
		answer = d.Components.Responses[strings.TrimPrefix(answer.Ref, "#/components/responses/")]
	}
	content, ok := answer.Content[media]
	if !ok {
		t.Errorf("%s %s: %s as %s is not described", method, path, status, media)
	}
	return content.Schema, ok
}

// judgeAnswer compares an answer with its description.
func (d openAPI) judgeAnswer(t *testing.T, path, method string, resp *http.Response, body []byte) {
	t.Helper()
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	schema, ok := d.described(t, path, method, resp.Status[:3], media)
	if !ok {
		return
	}
	texts := []string{string(body)}
	if media == typeNDJSON {
		texts = strings.Split(strings.TrimSpace(string(body)), "\n")
	}
	for _, text := range texts {
		var value any = text
		if strings.Contains(media, "json") {
			decoder := json.NewDecoder(strings.NewReader(text))
			decoder.UseNumber()
			if err := decoder.Decode(&value); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		if err := d.Components.Schemas.judge(schema, value, path); err != nil {
			t.Errorf("%s %s: %v\n%s", method, path, err, text)
		}
	}
}

func TestAnswersAreAsDescribed(t *testing.T) {
	limits := standings{{Customer: "a/b", Plan: "web", Denied: true, Limits: []plan.Usage{
		{Period: plan.Day, Max: 3, Used: 5, Resets: time.Now()}, {Period: plan.Total, Max: 9, Used: 5},
	}}}
	r := serving(t, Config{Limits: limits}, &memory{})
	p := r.call("proxy1", 7)
	p.Finished()
	p.push("a/b|1", 5, "50%|1", 7)
	r.seen(12)
	d := readDescription(t, r.get(http.StatusOK, "/openapi.json"))
	if d.OpenAPI != "3.1.0" {
		t.Errorf("version %s, want 3.1.0", d.OpenAPI)
	}
	questions := []struct {
		path   string // as described
		ask    string
		status int
	}{
		{"/v1/counts", "/v1/counts", 200},
		{"/v1/counts", "/v1/counts?durable=false", 200},
		{"/v1/counts", "/v1/counts?durable=perhaps", 400},
		{"/v1/customers", "/v1/customers?limit=1&prefix=a", 200},
		{"/v1/customers", "/v1/customers?limit=0", 400},
		{"/v1/customers/{name}", "/v1/customers/a/b", 200},
		{"/v1/customers/{name}", "/v1/customers/50%2525?bucket=month", 200},
		{"/v1/customers/{name}", "/v1/customers/nobody", 404},
		{"/v1/customers/{name}", "/v1/customers/a/b?from=yesterday", 400},
		{"/v1/usage", "/v1/usage", 200},
		{"/v1/usage", "/v1/usage?format=csv", 200},
		{"/v1/usage", "/v1/usage?bucket=week", 400},
		{"/v1/sources", "/v1/sources", 200},
		{"/v1/sources", "/v1/sources?x=1", 400},
		{"/v1/sources/{name}", "/v1/sources/proxy1", 200},
		{"/v1/sources/{name}", "/v1/sources/proxy2", 404},
		{"/v1/plans", "/v1/plans", 200},
		{"/v1/plans", "/v1/plans?sort=size", 400},
		{"/v1/events", "/v1/events?x=1", 400},
		{"/openapi.json", "/openapi.json", 200},
		{"/metrics", "/metrics", 200},
		{"/healthz", "/healthz", 200},
		{"/readyz", "/readyz", 200},
		{"/", "/", 200},
		{"/customer", "/customer?name=a/b", 200},
		{"/assets/{file}", addresses["page.css"], 200},
		{"/assets/{file}", addresses["page.js"], 200},
		{"/assets/{file}", addresses["icon.svg"], 200},
		{"/assets/{file}", "/assets/other", 404},
	}
	asked := map[string]bool{"/login": true, "/logout": true}
	for _, q := range questions {
		asked[q.path] = true
		resp, body := r.ask("GET", q.ask)
		if resp.StatusCode != q.status {
			t.Errorf("%s: got %s %s, want %d", q.ask, resp.Status, body, q.status)
			continue
		}
		d.judgeAnswer(t, q.path, "get", resp, body)
		head, none := r.ask("HEAD", q.ask)
		if head.StatusCode != q.status || len(none) > 0 {
			t.Errorf("HEAD %s: got %s and %d bytes", q.ask, head.Status, len(none))
		}
	}
	for path := range d.Paths {
		if !asked[path] {
			t.Errorf("%s: described, but no question here", path)
		}
	}
	if head, _ := r.ask("HEAD", "/v1/events"); head.StatusCode != http.StatusOK || head.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD /v1/events: got %s", head.Status)
	}
}

func TestEventsAreAsDescribed(t *testing.T) {
	d := readDescription(t, description)
	now := time.Now().UTC()
	for name, value := range map[string]any{
		"CountsEvent": CountsEvent{At: now, Total: 3, Growth: 1, Customers: []CustomerEvent{{"a", 3, 1}}},
		"SourceEvent": SourceEvent{"hap1", 1, 7, "asked"},
		"StoreEvent":  StoreEvent{OK: false, Since: &now, Error: "full"},
		"LimitEvent":  crossingOf(plan.Crossing{Customer: "a", Plan: "web", Period: plan.Day, PeriodStart: now, PeriodEnd: now, Limit: 5, Used: 6, Percent: 100, At: now}),
	} {
		text, err := json.Marshal(value)
		var got any
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		if err := errors.Join(err, decoder.Decode(&got), d.Components.Schemas.judge(d.Components.Schemas[name], got, name)); err != nil {
			t.Error(err)
		}
	}
}

// A judge that passes everything would make the tests above worthless.
func TestSchemaJudgeSeesWhatIsWrong(t *testing.T) {
	all := readDescription(t, description).Components.Schemas
	for text, want := range map[string]string{
		`{"start":"2026-01-01T00:00:00Z"}`:                           "no count",
		`{"start":"2026-01-01T00:00:00Z","count":-1}`:                "minimum",
		`{"start":"2026-01-01T00:00:00Z","count":1.5}`:               "want integer",
		`{"start":"yesterday","count":1}`:                            "format",
		`{"start":"2026-01-01T00:00:00Z","count":1,"secret":"here"}`: "not described",
		`[]`: "want object",
	} {
		var value any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
		schema := map[string]any{"type": "object"}
		if strings.HasPrefix(text, "{") {
			schema = all["UsageBucket"]
		}
		if err := all.judge(schema, value, "bucket"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", text, err, want)
		}
	}
}
