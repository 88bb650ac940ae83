package containers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/witness"
)

func init() {
	register(component{
		kind: "quota-tracker", tier: harness.TierTracker, stage: 0,
		takes:    takes{program: true, limits: true},
		programs: func(harness.Tier) []program { return nil }, // a binary of our own, see trackerBinary
		image:    trackerImage,
		fits: func(_ context.Context, p *plan, n *node) error {
			_, err := trackerBinary(p.options, n.tier)
			return err
		},
		render: renderTracker, ready: trackerReady, complete: trackerComplete, version: trackerVersion,
		complaint: func([]string) []string { return nil },
	})
}

// trackerImage is one that the lab needs anyway: the binary is mounted into it,
// and any image with the C library will do.
func trackerImage(p *plan, _ *node) string {
	if proxies := p.of(harness.TierProxy); len(proxies) > 0 {
		return proxies[0].component.image(p, proxies[0])
	}
	return haproxyImage("")
}

// trackerInside is where a container finds the tracker's binary.
const trackerInside = "/usr/local/bin/haproof-tracker"

func renderTracker(p *plan, n *node) (nodeSpec, error) {
	binary, err := trackerBinary(p.options, n.tier)
	if err != nil {
		return nodeSpec{}, err
	}
	credentials, err := p.authority.issue(p.peer(n))
	if err != nil {
		return nodeSpec{}, err
	}
	files := map[string]file{
		"cert.pem":     {Content: credentials.cert},
		"key.pem":      {Content: credentials.key, Mode: 0o600},
		"ca.pem":       {Content: p.authority.pem},
		"token":        {Content: []byte(p.token), Mode: 0o600},
		"tracker.yaml": {Content: trackerYAML(p, n)},
	}
	program := binary
	if p.engine == engineDocker {
		program = trackerInside
	}
	dir := n.site.NodeDir
	// A secret goes by the environment: arguments are for everybody to see.
	command := []string{"/bin/sh", "-c", `QUOTA_TRACKER_TOKENS=$(cat token) exec "$@"`, "quota-tracker",
		program, "-config", dir + "/tracker.yaml", "-name", p.peer(n), "-peers", n.at(ports.TrackerPeers), "-table", "quota",
		"-cert", dir + "/cert.pem", "-key", dir + "/key.pem", "-ca", dir + "/ca.pem",
		"-http", n.at(ports.TrackerAPI), "-http-cert", dir + "/cert.pem", "-http-key", dir + "/key.pem",
		"-store", dir + "/" + p.storePath(n), "-log", "text"}
	spec := p.spec(n, files, append(command, n.tier.Args...), ports.TrackerPeers, ports.TrackerAPI)
	spec.Mounts = map[string]string{binary: trackerInside}
	return spec, nil
}

// trackerBinary finds the tracker: the tier's own, else the one asked for, else
// beside this program, else on PATH.
func trackerBinary(opts Options, tier harness.Tier) (string, error) {
	wanted := orElse(tier.Binary, opts.TrackerBinary)
	if wanted == "" {
		wanted = besideOurselves("quota-tracker")
	}
	found, err := lookPath(wanted, opts.searchPath())
	if err != nil && tier.Binary != "" {
		return "", &EnvironmentError{What: "topology.tracker.binary: cannot run " + tier.Binary, Err: err}
	}
	if err != nil {
		return "", &EnvironmentError{
			What: "no quota tracker to run", Err: err,
			Mend: "build it beside haproof: go build -o . ./cmd/quota-tracker",
		}
	}
	return filepath.Abs(found)
}

// trackerReady asks whether the tracker listens.
func trackerReady(ctx context.Context, p *plan, n *node) error {
	return trackerSays(ctx, p, n, "/healthz")
}

// trackerComplete asks whether proxies are connected, if any does its work.
func trackerComplete(ctx context.Context, p *plan, n *node) error {
	if len(p.working(harness.TierProxy)) == 0 {
		return nil
	}
	return trackerSays(ctx, p, n, "/readyz")
}

// trackerAccess is what the tracker's API wants to see: its certificate is the one
// that peers see, and all trackers of a lab have the same token.
func trackerAccess(p *plan, n *node) witness.Access {
	authorities := x509.NewCertPool()
	authorities.AddCert(p.authority.cert)
	return witness.Access{TLS: &tls.Config{RootCAs: authorities, ServerName: p.peer(n), MinVersion: tls.VersionTLS12}, Token: p.token}
}

func trackerSays(ctx context.Context, p *plan, n *node, path string) error {
	_, err := trackerGet(ctx, p, n, path)
	return err
}

func trackerGet(ctx context.Context, p *plan, n *node, path string) (body string, err error) {
	access := trackerAccess(p, n)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: access.TLS}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+n.at(ports.TrackerAPI)+path, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+access.Token)
	status, body, err := exchange(client, request)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %s", path, status, firstLine([]byte(body)))
	}
	return body, err
}

// trackerMetrics reads metrics that bear no labels, in the order of their names.
func trackerMetrics(ctx context.Context, p *plan, n *node, names ...string) ([]float64, error) {
	body, err := trackerGet(ctx, p, n, "/metrics")
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range strings.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		values[name] = value
	}
	metrics := make([]float64, len(names))
	for i, name := range names {
		if metrics[i], err = strconv.ParseFloat(values[name], 64); err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
	}
	return metrics, nil
}

// trackerVersion asks the binary. A tracker that does not know -version is
// reported by its file name.
func trackerVersion(ctx context.Context, p *plan, n *node) (string, error) {
	binary, err := trackerBinary(p.options, n.tier)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	output, err := exec.CommandContext(ctx, binary, "-version").Output()
	if line := firstLine(output); err == nil && line != "" {
		return strings.TrimPrefix(line, "quota-tracker "), nil
	}
	return filepath.Base(binary), nil
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
