package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/runtimeapi"
)

func init() {
	register(component{
		kind: "haproxy", tier: harness.TierProxy, stage: 1,
		takes: takes{threads: true, version: true, program: true},
		programs: func(t harness.Tier) []program {
			if t.Binary != "" {
				return []program{{name: t.Binary}}
			}
			return []program{{name: "haproxy", install: "haproxy"}}
		},
		image: func(p *plan, n *node) string { return haproxyImage(haproxyWanted(p, n)) },
		fits:  haproxyFits, render: renderHAProxy, ready: haproxyReady, version: haproxyVersion, complaint: haproxyComplaint,
	})
}

// maxConn is what the lab needs at most: 28,000 ports per address pair are out
// of reach, 20,000 descriptors are usual.
const maxConn = 8000

// haproxyData fills in haproxy.cfg.tmpl.
type haproxyData struct {
	Name, Address, Dir string
	Ports              any
	Root               bool // it runs as root
	Threads, MaxConn   int
	ALPN               string          // protocols over TLS, the preferred one first
	Retry              bool            // what may be tried again is, on another server
	SendBuffer         int             // bytes that the kernel keeps for a server; 0 means as it likes
	Count              *haproxyCount   // how customers are counted; nil where nobody is
	PeerTLS            string          // what a line of the peers section says about TLS
	Peers              []haproxyServer // the trackers, and the other proxies where those are peers too
	Customers          []string
	Servers            []haproxyServer // the web nodes
	Plan               *haproxyPlan    // who is denied; nil where customers have no limits
}

// haproxyPlan is the table in which trackers say whom to deny.
type haproxyPlan struct {
	Table                  string
	Length, Size, ExpireMS int
}

type haproxyServer struct{ Name, Peer, Address string }

func renderHAProxy(p *plan, n *node) (nodeSpec, error) {
	data := haproxyData{
		Name: p.peer(n), Address: n.site.Address, Dir: n.site.NodeDir, Ports: ports, Root: os.Getuid() == 0,
		Threads: max(1, n.tier.Threads), MaxConn: haproxyMaxConn(p), Retry: n.tier.Retry, SendBuffer: p.sendBuffer(),
		ALPN: alpn(p.workload), Count: p.count(n.tier), Peers: p.peersOf(n), Customers: customers(p.workload),
	}
	data.PeerTLS = fmt.Sprintf("ssl crt %[1]s/peer.pem ca-file %[1]s/ca.pem verify required", data.Dir)
	for _, web := range p.of(harness.TierBackend) {
		data.Servers = append(data.Servers, haproxyServer{Name: web.name, Address: web.at(ports.HTTP)})
	}
	if l := p.limits(); l != nil {
		data.Plan = &haproxyPlan{Table: planTable, Length: planLength, Size: max(1024, 4*p.workload.Customers), ExpireMS: int(l.Expire.Milliseconds())}
	}
	files, err := haproxyFiles(p, n, data)
	if err != nil {
		return nodeSpec{}, err
	}
	// Its log is stdout redirected to a regular file: such a file never makes an
	// HAProxy of one thread drop a line. Of several threads that log at once some give
	// up (src/fd.c@v3.0.0, fd_write_frag_line). Notices go to stderr. HAProxy takes O_APPEND off its
	// stdout: the line before it moves the process that is started again to the end of
	// the file, over whose beginning it would write else.
	command := []string{"/bin/sh", "-c", `exec >>haproxy.log && echo "a process starts" && exec "$@"`, "haproxy",
		orElse(n.tier.Binary, "haproxy"), "-W", "-db", "-S", n.at(ports.Master), "-f", n.site.NodeDir + "/haproxy.cfg"}
	command = append(command, n.tier.Args...)
	return p.spec(n, files, command, ports.HTTP, ports.HTTPS, ports.Runtime, ports.Master, ports.Stats, ports.Peers), nil
}

// alpn lists what a proxy speaks over TLS. HTTP/2 is offered only to a workload that
// asks for it: what a proxy offers is part of the question.
func alpn(w harness.Workload) string {
	if w.Protocol == harness.ProtocolHTTP2 {
		return harness.ProtocolHTTP2 + "," + harness.ProtocolHTTP1
	}
	return harness.ProtocolHTTP1
}

// haproxyImage names the image of a version; empty means the default.
func haproxyImage(version string) string { return "haproof/haproxy:" + orElse(version, "3.0") }

func haproxyFiles(p *plan, n *node, data haproxyData) (map[string]file, error) {
	cfg, err := fill("haproxy.cfg", data)
	if err != nil {
		return nil, err
	}
	site, err := p.authority.issue("*.customers.test", "*.ads.test")
	if err != nil {
		return nil, err
	}
	peer, err := p.authority.issue(p.peer(n))
	if err != nil {
		return nil, err
	}
	var hosts strings.Builder
	for _, c := range data.Customers {
		fmt.Fprintf(&hosts, "%s.customers.test be_%s\n", c, c)
	}
	return map[string]file{
		"haproxy.cfg": cfg,
		"hosts.map":   {Content: []byte(hosts.String())},
		"site.pem":    {Content: site.bundle(), Mode: 0o600},
		"peer.pem":    {Content: peer.bundle(), Mode: 0o600},
		"ca.pem":      {Content: p.authority.pem},
	}, nil
}

// haproxyMaxConn keeps HAProxy, which needs two descriptors per connection,
// within the limit of descriptors.
func haproxyMaxConn(p *plan) int {
	const reserve = 400 // listeners, checks, peers, log, pipes
	return max(100, min(maxConn, (int(p.files)-reserve)/2))
}

// customers are the quota keys of a workload.
func customers(w harness.Workload) []string {
	keys := make([]string, w.Customers)
	for i := range keys {
		keys[i] = w.Customer(i)
	}
	return keys
}

// haproxyWanted is the version asked for; empty means the engine's default.
func haproxyWanted(p *plan, n *node) string { return orElse(n.tier.Version, p.options.HAProxy) }

// haproxyFits refuses versions that the engine does not have, and a binary that
// cannot be mounted.
func haproxyFits(ctx context.Context, p *plan, n *node) error {
	if p.engine == engineLocal {
		return installedVersion(ctx, p, n)
	}
	if filepath.IsAbs(n.tier.Binary) && !executable(n.tier.Binary) {
		return &EnvironmentError{What: "topology.proxy.binary: " + n.tier.Binary + " is no program on this machine"}
	}
	if _, err := recipeFor(n.component.image(p, n)); err != nil {
		return &EnvironmentError{
			What: fmt.Sprintf("%s wants HAProxy %s, of which there is no image", n.name, haproxyWanted(p, n)),
			Mend: "the docker engine has " + strings.Join(HAProxyVersions(), ", "),
		}
	}
	return nil
}

// haproxyReady wants the Runtime API to answer, all web nodes to have passed
// their first health check, and the sessions to the trackers that run to be up.
func haproxyReady(ctx context.Context, p *plan, n *node) error {
	api := runtimeapi.New(n.at(ports.Runtime))
	rows, err := api.ShowStat(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row["pxname"] != "probe" || row["svname"] == "BACKEND" {
			continue
		}
		if row["status"] != "UP" || row["check_status"] != "L7OK" {
			return fmt.Errorf("health check of %s: %s %s", row["svname"], row["status"], row["check_status"])
		}
	}
	trackers := len(p.working(harness.TierTracker))
	if trackers == 0 {
		return nil
	}
	sections, err := api.ShowPeers(ctx)
	if err != nil {
		return err
	}
	return trackersEstablished(p.among(sections, p.working(harness.TierTracker)), trackers)
}

func trackersEstablished(sections []runtimeapi.PeersSection, want int) error {
	for _, s := range sections {
		for _, peer := range s.Peers {
			if !peer.Established() {
				return fmt.Errorf("peers session to %s is not established: %s %s", peer.Name, peer.Status, peer.State)
			}
			want--
		}
	}
	if want != 0 {
		return errors.New("HAProxy does not know every tracker as a peer")
	}
	return nil
}

func haproxyVersion(ctx context.Context, _ *plan, n *node) (string, error) {
	info, err := runtimeapi.New(n.at(ports.Runtime)).ShowInfo(ctx)
	if err != nil {
		return "", err
	}
	return upstreamVersion(info["Version"]), nil
}

// upstreamVersion cuts off what the distribution added: 3.0.11-1+deb13u3.
func upstreamVersion(version string) string {
	number, rest, _ := strings.Cut(version, "-")
	if strings.HasPrefix(rest, "dev") {
		return version
	}
	return number
}

// haproxyComplaint picks what HAProxy itself says about its configuration.
func haproxyComplaint(log []string) []string {
	var alerts []string
	for _, line := range log {
		if strings.HasPrefix(line, "[ALERT]") {
			alerts = append(alerts, line)
		}
	}
	return alerts
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
