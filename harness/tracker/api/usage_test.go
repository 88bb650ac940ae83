package api

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/tracker"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// booked is a store with usage around the turn of a year.
func booked() *memory {
	m := &memory{names: []string{"a/b", "=1,\"x\"", "50%"}}
	for i, text := range []string{
		"2026-12-30T23:00:00Z", "2026-12-31T00:00:00Z", "2026-12-31T00:00:00Z", "2026-12-31T23:00:00Z", "2027-01-01T00:00:00Z", "2027-02-28T12:00:00Z",
	} {
		m.growth = append(m.growth, tracker.Growth{Customer: 0, Hour: tracker.HourOf(at(text)), N: 1 << i})
	}
	m.growth = append(m.growth, tracker.Growth{Customer: 1, Hour: tracker.HourOf(at("2026-12-31T05:00:00Z")), N: 100},
		tracker.Growth{Customer: 2, Hour: tracker.HourOf(at("2027-01-05T05:00:00Z")), N: 200})
	for i := range m.names {
		m.entries = append(m.entries, tracker.EntryState{Customer: uint32(i), Base: 1000})
	}
	return m
}

func TestUsageOfACustomerIsAddedUpByBuckets(t *testing.T) {
	r := serving(t, Config{}, booked())
	for _, q := range []struct {
		query string
		want  UsageDetail
	}{
		{"bucket=hour&from=2026-12-31&to=2027-01-01", UsageDetail{Bucket: "hour", Sum: 14, Buckets: []UsageSlot{
			{at("2026-12-31T00:00:00Z"), 6}, {at("2026-12-31T23:00:00Z"), 8}}}},
		{"bucket=day&from=2026-12-30&to=2027-01-02", UsageDetail{Bucket: "day", Sum: 31, Buckets: []UsageSlot{
			{at("2026-12-30T00:00:00Z"), 1}, {at("2026-12-31T00:00:00Z"), 14}, {at("2027-01-01T00:00:00Z"), 16}}}},
		{"bucket=month&from=2026-12-31T00:00:00Z&to=2027-03-01T02:00:00%2B02:00", UsageDetail{Bucket: "month", Sum: 62, Buckets: []UsageSlot{
			{at("2026-12-01T00:00:00Z"), 14}, {at("2027-01-01T00:00:00Z"), 16}, {at("2027-02-01T00:00:00Z"), 32}}}},
		{"from=2030-01-01&to=2030-01-02", UsageDetail{Bucket: "hour", Buckets: []UsageSlot{}}},
	} {
		got := getJSON[CustomerDetail](r, "/v1/customers/a/b?"+q.query)
		q.want.From, q.want.To = got.Usage.From, got.Usage.To
		if diff := cmp.Diff(&q.want, got.Usage); diff != "" || got.Total != 1000 || got.Customer != "a/b" {
			t.Errorf("%s: total %d, usage (-want +got):\n%s", q.query, got.Total, diff)
		}
	}
	got := getJSON[CustomerDetail](r, "/v1/customers/a%2Fb?bucket=month&from=2026-12-31&to=2027-03-01T02:00:00%2B02:00")
	if !got.Usage.From.Equal(at("2026-12-31T00:00:00Z")) || !got.Usage.To.Equal(at("2027-03-01T00:00:00Z")) {
		t.Errorf("got from %v to %v", got.Usage.From, got.Usage.To)
	}
}

func TestUsageWithoutAPeriodEndsNow(t *testing.T) {
	now := at("2026-03-31T14:25:00Z")
	for by, want := range map[string]period{
		"hour":  {at("2026-03-30T15:00:00Z"), at("2026-03-31T15:00:00Z"), byHour},
		"day":   {at("2026-03-02T00:00:00Z"), at("2026-03-31T15:00:00Z"), byDay},
		"month": {at("2025-04-01T00:00:00Z"), at("2026-03-31T15:00:00Z"), byMonth},
	} {
		got, err := params{url.Values{"bucket": {by}}}.period(now)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(period{})); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", by, err, diff)
		}
	}
}

func TestCustomersAreFoundWhateverTheirNames(t *testing.T) {
	r := serving(t, Config{}, nil)
	p := r.call("hap1", 1)
	for i, name := range []string{"a/b/", "..", "a//b", "", "m\xfcller", "50%", "%41", "a b?c#d", "müller", "\x00\n"} {
		p.push(name+"|1", i+1)
		// Everything may be escaped.
		escaped := ""
		for _, c := range []byte(tracker.InText(name)) {
			escaped += "%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15])
		}
		got := getJSON[CustomerDetail](r, "/v1/customers/"+escaped)
		want := CustomerDetail{Customer: tracker.InText(name), Durable: true, Total: uint64(i + 1), Rate: got.Rate, Window: got.Window,
			Sources: []SourceShare{{Source: "hap1", Total: uint64(i + 1), Generations: 1}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
		page := r.get(http.StatusOK, customerURL(tracker.InText(name)))
		if !strings.Contains(string(page), "counted since ever") {
			t.Errorf("%q: got the page %s", name, page)
		}
	}
}

func TestUsageOfAllIsWrittenLineByLine(t *testing.T) {
	r := serving(t, Config{}, booked())
	const month = "/v1/usage?bucket=month&from=2026-12-01&to=2027-02-01"
	want := `{"customer":"a/b","start":"2026-12-01T00:00:00Z","count":15}
{"customer":"a/b","start":"2027-01-01T00:00:00Z","count":16}
{"customer":"=1,\"x\"","start":"2026-12-01T00:00:00Z","count":100}
{"customer":"50%25","start":"2027-01-01T00:00:00Z","count":200}
`
	for _, accept := range []string{"", "application/x-ndjson", "text/html, */*;q=0.1"} {
		resp, body := r.ask("GET", month, "Accept", accept)
		if diff := cmp.Diff(want, string(body)); diff != "" || resp.Header.Get("Content-Type") != typeNDJSON {
			t.Errorf("Accept %q: %s (-want +got):\n%s", accept, resp.Header.Get("Content-Type"), diff)
		}
	}
	resp, body := r.ask("GET", month, "Accept", "text/csv")
	if got := resp.Header.Get("Content-Disposition"); got != `inline; filename="usage-20261201T00-20270201T00-by-month.csv"` {
		t.Errorf("got %s", got)
	}
	rows, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
	wantRows := [][]string{{"customer", "start", "count"}, {"a/b", "2026-12-01T00:00:00Z", "15"}, {"a/b", "2027-01-01T00:00:00Z", "16"},
		{`=1,"x"`, "2026-12-01T00:00:00Z", "100"}, {"50%25", "2027-01-01T00:00:00Z", "200"}}
	if diff := cmp.Diff(wantRows, rows); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := r.get(http.StatusOK, "/v1/usage?format=csv&from=2030-01-01&to=2030-01-02"); string(got) != "customer,start,count\n" {
		t.Errorf("usage of nothing: got %q, want the head alone", got)
	}
	r.get(http.StatusNotAcceptable, month, "Accept", "image/png")
}

func TestUsageNeedsAStore(t *testing.T) {
	r := serving(t, Config{}, nil)
	r.call("hap1", 1).push("a|1", 1)
	r.get(http.StatusNotImplemented, "/v1/usage")
	r.get(http.StatusNotImplemented, "/v1/customers/a?bucket=day")
	if got := getJSON[CustomerDetail](r, "/v1/customers/a"); got.Usage != nil || got.Total != 1 {
		t.Errorf("got %+v, want the total alone", got)
	}
}

func TestUsageThatBreaksOffDoesNotLookComplete(t *testing.T) {
	r := serving(t, Config{}, breaking{booked()})
	resp, err := r.client.Get("http://" + r.addr + "/v1/usage?from=2026-12-01&to=2027-12-01&bucket=day")
	if err != nil {
		return // it broke off before a byte was sent
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("got %s %q without an error", resp.Status, body)
	}
}

// breaking is a store whose usage ends with an error after it has begun.
type breaking struct{ *memory }

func (b breaking) Usage(ctx context.Context, q tracker.UsageQuery, visit func(tracker.Growth) error) error {
	return errors.Join(b.memory.Usage(ctx, q, visit), errors.New("disk is gone"))
}
