package containers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"github.com/haproof/haproof/harness/harnesstest/realtest"
)

const testImage = "haproof/haproxy:3.0"

// needDocker skips where no daemon answers, except in CI, and builds the images
// that tests use unless they are there.
func needDocker(t *testing.T) *docker {
	t.Helper()
	d, err := connectDocker(t.Context())
	if err != nil {
		realtest.Missing(t, err)
	}
	err = EnsureImages(t.Context(), []string{testImage, "haproof/web"}, ImageOptions{Progress: func(line string) { t.Log(line) }})
	if err != nil {
		realtest.Missing(t, err)
	}
	return d
}

// dockerLab is an engine with reserved nodes, released when the test ends.
type dockerLab struct {
	*dockerEngine
	sites map[string]site
}

var labNumber struct {
	sync.Mutex
	n int
}

func newDockerLab(t *testing.T, nodes ...string) *dockerLab {
	t.Helper()
	e, err := newDockerEngine(t.Context(), Options{WorkDir: realtest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.release(context.Background()); err != nil {
			t.Error(err)
		}
	})
	labNumber.Lock()
	labNumber.n++
	id := fmt.Sprintf("test-%d-%d", os.Getpid(), labNumber.n)
	labNumber.Unlock()
	sites, err := e.reserve(t.Context(), id, nodes)
	if err != nil {
		t.Fatal(err)
	}
	return &dockerLab{e.(*dockerEngine), sites}
}

// run starts a shell command as a node.
func (l *dockerLab) run(t *testing.T, spec nodeSpec, script string) process {
	t.Helper()
	spec.Image, spec.Site = testImage, l.sites[spec.Name]
	if spec.Command == nil {
		spec.Command = []string{"/bin/sh", "-c", script}
	}
	p, err := l.start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantEnd waits for the program's end.
func wantEnd(t *testing.T, p process) {
	t.Helper()
	select {
	case <-p.exited():
	case <-time.After(20 * time.Second):
		t.Fatal("the program has not ended within 20 s")
	}
}

// wantLog waits until the program has written a line.
func wantLog(t *testing.T, p process, line string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := await(ctx, "log", func(ctx context.Context) error {
		if got := strings.Join(p.logTail(ctx, 10), "\n"); !strings.Contains(got, line) {
			return fmt.Errorf("no %q in %q", line, got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestConformanceOfDockerEngine(t *testing.T) {
	d := needDocker(t)
	testConformance(t, engineDocker)
	if left := leftOf(t, d, ownerLabel+"="+ourselves().label()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestContainerWorksInTheNodesDirectory(t *testing.T) {
	needDocker(t)
	l := newDockerLab(t, "proxy1")
	p := l.run(t, nodeSpec{
		Name: "proxy1", Files: map[string]file{"deep/input": {Content: []byte("given\n")}, "tool": {Content: []byte("#!/bin/sh\n"), Mode: 0o755}},
	}, `cat deep/input; ./tool && pwd; hostname; echo complaint >&2; mkdir made; echo result >made/file; ulimit -n`)
	wantEnd(t, p)
	if p.err() != nil {
		t.Errorf("ended with %v, want success", p.err())
	}
	want := []string{"given", nodeDir, "proxy1", "complaint", fmt.Sprint(descriptorLimit())}
	if diff := cmp.Diff(want, p.logTail(t.Context(), 50)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if got := p.logTail(t.Context(), 1); !cmp.Equal(got, want[4:]) {
		t.Errorf("last line %q, want %q", got, want[4:])
	}
	if got := content(t, p, "made/file"); got != "result\n" {
		t.Errorf("made/file is %q", got)
	}
	if _, err := p.open(t.Context(), "../lab.json"); err == nil {
		t.Error("a path out of the node's directory was opened")
	}
	info, err := os.Stat(filepath.Join(l.sites["proxy1"].HostDir, "made"))
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != os.Getuid() {
		t.Errorf("what the container made belongs to %d, not to us, %d", uid, os.Getuid())
	}
}

func content(t *testing.T, p process, path string) string {
	t.Helper()
	f, err := p.open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestContainerSaysHowItsProgramEnded(t *testing.T) {
	needDocker(t)
	l := newDockerLab(t, "ends", "absent", "polite", "stubborn")
	ends := l.run(t, nodeSpec{Name: "ends"}, "exit 3")
	absent := l.run(t, nodeSpec{Name: "absent", Command: []string{"no-such-program"}}, "")
	polite := l.run(t, nodeSpec{Name: "polite", Stop: 20 * time.Second}, `trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done`)
	stubborn := l.run(t, nodeSpec{Name: "stubborn", Stop: 300 * time.Millisecond}, `trap '' TERM; echo up; while :; do sleep 0.02; done`)
	wantEnd(t, ends)
	wantEnd(t, absent)
	wantLog(t, absent, "no-such-program: not found")
	for _, p := range []process{polite, stubborn} {
		wantLog(t, p, "up")
		if p.err() != nil {
			t.Errorf("a running program has ended with %v", p.err())
		}
		if err := p.stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
		wantEnd(t, p)
	}
	wantLog(t, polite, "bye") // logs outlive their container
	got := []string{fmt.Sprint(ends.err()), fmt.Sprint(absent.err()), fmt.Sprint(polite.err()), fmt.Sprint(stubborn.err())}
	if diff := cmp.Diff([]string{"exit status 3", "exit status 127", "<nil>", "signal: killed"}, got); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
	again := l.run(t, nodeSpec{Name: "polite"}, "echo again")
	wantEnd(t, again)
	wantLog(t, again, "again")
}

func TestCPULimitIsInForce(t *testing.T) {
	d := needDocker(t)
	if !d.info.CPUCfsQuota {
		realtest.Missing(t, errors.New("this daemon cannot limit CPU time"))
	}
	l := newDockerLab(t, "free", "bound")
	free := l.run(t, nodeSpec{Name: "free"}, "exec sleep 60")
	bound := l.run(t, nodeSpec{Name: "bound", CPUs: 0.2}, "while :; do :; done")
	if free.limited() || !bound.limited() {
		t.Errorf("limited: free %v, bound %v", free.limited(), bound.limited())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	// How many periods are throttled is for the scheduler to say: a busy machine may deal
	// out less than the limit.
	err := await(ctx, "100 periods, some throttled", func(ctx context.Context) error {
		u := bound.usage(ctx)
		if u.Unknown != "" || u.Periods < 100 || u.Throttled < 10 {
			return fmt.Errorf("seen %d periods, %d throttled %s", u.Periods, u.Throttled, u.Unknown)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// The CPU time of one look and the periods of the next: a look is no single moment.
	u, later := bound.usage(t.Context()), bound.usage(t.Context())
	// Each CPU may keep a slice of 5 ms that the kernel handed out before.
	most := time.Duration(later.Periods)*2*time.Millisecond*5/4 + 100*time.Millisecond
	if u.Node != "bound" || u.CPU == 0 || u.CPU > most {
		t.Errorf("a busy loop on 0.2 CPUs used %+v, want at most %v", u, most)
	}
	if u := free.usage(t.Context()); u.Unknown != "" || u.CPU == 0 || u.Periods != 0 {
		t.Errorf("a node without a limit has usage %+v", u)
	}
	if err := free.limit(t.Context(), 0.001/2); err == nil || free.limited() {
		t.Errorf("a limit that no kernel knows: %v, limited %v", err, free.limited())
	}
	if err := free.limit(t.Context(), 0.02); err != nil || !free.limited() {
		t.Errorf("a limit on a running node: %v, limited %v", err, free.limited())
	}
	if err := free.stop(t.Context()); err != nil {
		t.Error(err)
	}
	if u := free.usage(t.Context()); u.Unknown == "" {
		t.Errorf("a removed container has usage %+v", u)
	}
}

func trimmed(lines []string) []string {
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

const answering = `
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend traffic
    bind %s:8080
    http-request return status 200 content-type text/plain string hello
`

func TestNodeAnswersAtItsReservedAddress(t *testing.T) {
	needDocker(t)
	l := newDockerLab(t, "proxy1", "backend1")
	address := l.sites["proxy1"].Address
	l.run(t, nodeSpec{
		Name: "proxy1", Command: []string{"haproxy", "-db", "-f", nodeDir + "/haproxy.cfg"},
		Files: map[string]file{"haproxy.cfg": {Content: fmt.Appendf(nil, answering, address)}},
	}, "")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := await(ctx, "answer", func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(address, "8080"), nil)
		if err != nil {
			return err
		}
		answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "hello" {
			return errors.Join(fmt.Errorf("answer %s %q", answer.Status, body), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	neighbour := l.run(t, nodeSpec{Name: "backend1", Command: []string{
		"bash", "-c", `exec 3<>/dev/tcp/` + address + `/8080 && echo reached by $(hostname -I)`,
	}}, "")
	wantEnd(t, neighbour)
	want := []string{"reached by " + l.sites["backend1"].Address}
	if diff := cmp.Diff(want, trimmed(neighbour.logTail(t.Context(), 10))); diff != "" {
		t.Errorf("log of the neighbour (-want +got):\n%s", diff)
	}
}

func TestLabsReservedAtOnceShareNoAddress(t *testing.T) {
	needDocker(t)
	labs := make([]*dockerLab, 4)
	t.Run("Reserve", func(t *testing.T) {
		seen := map[string]bool{}
		var group sync.WaitGroup
		for i := range labs {
			group.Go(func() { labs[i] = newDockerLab(t, "a", "b", "c") })
		}
		group.Wait()
		for _, l := range labs {
			for name, s := range l.sites {
				if seen[s.Address] || !strings.HasSuffix(s.HostDir, "/"+name) {
					t.Errorf("site %+v of %s", s, name)
				}
				seen[s.Address] = true
			}
		}
	})
	for _, l := range labs { // released when the subtest ended
		if exists(l.dir.path) {
			t.Errorf("%s is left", l.dir.path)
		}
	}
}

func TestMissingImageSaysHowToGetIt(t *testing.T) {
	d := needDocker(t)
	l := newDockerLab(t, "proxy1")
	_, err := l.start(t.Context(), nodeSpec{Name: "proxy1", Image: "haproof/haproxy:1.5", Site: l.sites["proxy1"]})
	var lacking *EnvironmentError
	if !errors.As(err, &lacking) || !strings.Contains(lacking.Mend, testImage) {
		t.Errorf("got %v, want an EnvironmentError that names the known images", err)
	}
	if left := leftOf(t, d, labLabel+"="+l.lab); len(left) != 1 { // its network
		t.Errorf("a refused start left %v", left)
	}
}

// leftOf names the containers and networks that bear a label.
func leftOf(t *testing.T, d *docker, label string) []string {
	t.Helper()
	filters := client.Filters{}.Add("label", label)
	containers, err := d.api.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: filters})
	if err != nil {
		t.Fatal(err)
	}
	networks, err := d.api.NetworkList(t.Context(), client.NetworkListOptions{Filters: filters})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, c := range containers.Items {
		left = append(left, strings.Join(c.Names, " "))
	}
	for _, n := range networks.Items {
		left = append(left, n.Name)
	}
	return left
}

func TestCPULimitStaysWithinTheKernelsBounds(t *testing.T) {
	for _, c := range []struct {
		cpus float64
		want cpuQuota
	}{
		{0, cpuQuota{}},
		{0.5, cpuQuota{10_000, 5_000}},
		{2, cpuQuota{10_000, 20_000}},
		{0.1, cpuQuota{10_000, 1_000}},
		{0.05, cpuQuota{20_000, 1_000}}, // a quota below 1 ms is refused, so the period grows
		{0.001, cpuQuota{1_000_000, 1_000}},
	} {
		if got, err := cpuLimit(c.cpus); err != nil || got != c.want {
			t.Errorf("cpuLimit(%g) = %v, %v, want %v", c.cpus, got, err, c.want)
		}
	}
	for _, cpus := range []float64{-1, 0.0001} {
		if got, err := cpuLimit(cpus); err == nil {
			t.Errorf("cpuLimit(%g) = %v, want an error", cpus, got)
		}
	}
}

func TestNothingIsPublishedAndNothingLeadsOut(t *testing.T) {
	d := needDocker(t)
	l := newDockerLab(t, "proxy1")
	p := l.run(t, nodeSpec{Name: "proxy1"}, "exec sleep 60").(*dockerProcess)
	got, err := d.api.ContainerInspect(t.Context(), p.id, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	host := got.Container.HostConfig
	if len(host.PortBindings) > 0 || host.PublishAllPorts || host.Privileged {
		t.Errorf("published: %v", host.PortBindings)
	}
	if host.LogConfig.Type != "none" {
		t.Errorf("the daemon keeps a log of its own: %+v", host.LogConfig)
	}
	made, err := d.api.NetworkInspect(t.Context(), l.network.id, client.NetworkInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := made.Network; n.Driver != "bridge" || !n.Internal || n.Scope != "local" {
		t.Errorf("network is %s, internal %v, %s", n.Driver, n.Internal, n.Scope)
	}
}
