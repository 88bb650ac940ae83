package api

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

// browser is a tab of a real Chromium, and what went on in it.
type browser struct {
	t    *testing.T
	ctx  context.Context
	addr string

	mu         sync.Mutex
	elsewhere  []string // addresses that were asked for and are not ours
	complaints []string // of the console
	excused    string   // part of a complaint that does not count
	loads      int      // of whole pages
}

func newBrowser(t *testing.T, addr string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("no chromium on this machine")
	} else if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(patience))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		closing, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		_ = chromedp.Cancel(closing) // waits for the process
		closeTab()
	})
	b := &browser{t: t, ctx: ctx, addr: addr}
	chromedp.ListenTarget(ctx, b.note)
	b.run(log.Enable(), runtime.Enable(), network.Enable(), page.Enable())
	return b
}

func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != "data" && u.Host != b.addr {
			b.elsewhere = append(b.elsewhere, e.Request.URL)
		}
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, string(e.Type))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Error())
	case *page.EventLoadEventFired:
		b.loads++
	}
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if b.loadsBefore() == 0 {
		ctx = b.ctx // the first run starts the browser, whose life is that of its context
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) loadsBefore() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.loads
}

// text returns what the tab shows of an element.
func (b *browser) text(selector string) (text string) {
	b.t.Helper()
	b.run(chromedp.Text(selector, &text, chromedp.ByQuery))
	return text
}

// value evaluates an expression in the page.
func value[T any](b *browser, expression string) (v T) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, &v))
	return v
}

// open goes to a page of ours.
func (b *browser) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate("http://" + b.addr + path))
}

// quiet fails the test if anything was asked for elsewhere, or if the console has
// complained.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.elsewhere) > 0 {
		b.t.Errorf("asked elsewhere: %q", b.elsewhere)
	}
	for _, complaint := range b.complaints {
		if b.excused == "" || !strings.Contains(complaint, b.excused) {
			b.t.Errorf("the console says: %q", complaint)
		}
	}
}

// hostile is a name that is a script where it is not escaped.
const hostile = `<script>document.title="stolen"</script><img src=x onerror=alert(1)>`

func TestPageWithoutScriptsShowsTheTable(t *testing.T) {
	r := serving(t, Config{}, &memory{})
	r.call("hap1", 7).push("alice|1", 1200, "bob|1", 30, hostile+"|1", 4)
	r.seen(1234)
	b := newBrowser(t, r.addr)
	b.run(emulation.SetScriptExecutionDisabled(true))
	b.open("/")
	got := strings.Fields(b.text("#customers tbody tr:first-child"))
	if strings.Join(got[:2], " ") != "alice 1,200" {
		t.Errorf("first row: got %q, want alice with 1,200", got)
	}
	if got := b.text("#customers tbody tr:last-child .name"); got != hostile {
		t.Errorf("last row: got %q, want %q", got, hostile)
	}
	if got := b.text("#sources"); !strings.Contains(got, "hap1") || !strings.Contains(got, "resync asked") {
		t.Errorf("sources: got %q, want hap1 and its resync", got)
	}
	b.run(chromedp.Click(`#customers tbody tr:last-child a`, chromedp.ByQuery), chromedp.WaitVisible("#usage", chromedp.ByQuery))
	if got := b.text("h1"); got != hostile {
		t.Errorf("page of the customer: got %q, want %q", got, hostile)
	}
	b.quiet()
}

func TestPageShowsChangesWithoutReload(t *testing.T) {
	r := serving(t, Config{}, &memory{})
	p := r.call("hap1", 7)
	p.Finished()
	p.push("alice|1", 10, "bob|1", 5)
	r.seen(15)
	b := newBrowser(t, r.addr)
	b.open("/")
	realtest.Await(t, "the page listens", func() error { return contains(b.text("#link"), "live") })
	loads := b.loadsBefore()
	b.run(chromedp.Evaluate(`document.querySelector("#customers tbody tr:first-child a").focus()`, nil))
	p.push("bob|1", 70, hostile+"|1", 1)
	realtest.Await(t, "the page shows the changes", func() error { // which may come one after the other
		if n := value[int](b, `document.querySelectorAll("#customers tbody tr").length`); n != 3 {
			return fmt.Errorf("got %d rows, want 3", n)
		}
		return contains(strings.Join(strings.Fields(b.text("#customers tbody")), " "), "bob 70")
	})
	if got := b.text("#customers tbody tr:first-child .name"); got != "bob" {
		t.Errorf("first row: got %s, want bob", got)
	}
	if got := value[string](b, "document.activeElement.textContent"); got != "alice" {
		t.Errorf("focus: on %q, want it still on alice", got)
	}
	if got := b.loadsBefore(); got != loads || got == 0 {
		t.Errorf("got %d loads of the page, want the %d before the changes", got, loads)
	}
	b.quiet()
}

func TestPageFollowsTheColoursOfTheSystem(t *testing.T) {
	r := serving(t, Config{}, &memory{})
	b := newBrowser(t, r.addr)
	seen := make(map[string]bool)
	for _, scheme := range []string{"light", "dark"} {
		b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		b.open("/")
		seen[value[string](b, "getComputedStyle(document.body).backgroundColor")] = true
	}
	if !seen["rgb(255, 255, 255)"] || !seen["rgb(18, 22, 28)"] {
		t.Errorf("backgrounds: got %v, want white and near black", seen)
	}
	b.quiet()
}

func TestPageLetsInWhoHasAToken(t *testing.T) {
	r := serving(t, Config{Tokens: []string{"correct horse battery staple"}}, &memory{})
	r.call("hap1", 7).push("alice|1", 10)
	r.seen(10)
	b := newBrowser(t, r.addr)
	b.open("/?sort=name")
	b.run(chromedp.SendKeys("#token", "correct horse battery stable\r", chromedp.ByQuery), chromedp.WaitVisible(".bad", chromedp.ByQuery))
	b.mu.Lock()
	b.excused = "status of 401" // Chromium notes it, soon or later
	b.mu.Unlock()
	b.run(chromedp.SendKeys("#token", "correct horse battery staple\r", chromedp.ByQuery), chromedp.WaitVisible("#customers", chromedp.ByQuery))
	if got := value[string](b, "location.pathname + location.search"); got != "/?sort=name" {
		t.Errorf("after the login: at %s, want /?sort=name", got)
	}
	realtest.Await(t, "the page listens", func() error { return contains(b.text("#link"), "live") })
	if got := value[string](b, "document.cookie"); got != "" {
		t.Errorf("scripts see the cookie %q", got)
	}
	b.run(chromedp.Click("form[action='/logout'] button", chromedp.ByQuery), chromedp.WaitVisible("#token", chromedp.ByQuery))
	b.open("/")
	if got := value[string](b, "location.pathname"); got != "/login" {
		t.Errorf("after the logout: at %s, want /login", got)
	}
	b.quiet()
}

func contains(text, want string) error {
	if !strings.Contains(text, want) {
		return &problem{Detail: "it shows " + text}
	}
	return nil
}

// picture returns what the tab shows as PNG.
func (b *browser) picture(width int64, scheme string) (png []byte) {
	b.t.Helper()
	b.run(
		emulation.SetDeviceMetricsOverride(width, 860, 1, width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.CaptureScreenshot(&png),
	)
	return png
}
