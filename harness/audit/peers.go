package audit

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// peers is one peers section.
type peers struct {
	line
	name     string
	binds    []endpoint
	servers  []endpoint
	shards   int
	disabled bool
}

// endpoint is a bind or server line of peers, with what it inherits.
type endpoint struct {
	line
	name    string // of a server
	address string
	options map[string]string
}

func (e endpoint) tls() bool { _, on := e.options["ssl"]; return on }

func (c *Configuration) addPeers(s *section) {
	p := &peers{line: s.line, name: s.name}
	bindDefaults, serverDefaults := map[string]string{}, map[string]string{}
	for _, l := range s.lines {
		switch l.words[0] {
		case "default-bind":
			obeyOptions(bindDefaults, l.words[1:])
		case "default-server":
			obeyOptions(serverDefaults, l.words[1:])
		case "bind":
			p.binds = append(p.binds, newEndpoint(l, "", l.word(1), 2, bindDefaults))
		case "server", "peer":
			c.addServer(p, l, bindDefaults, serverDefaults)
		case "shards":
			p.shards, _ = strconv.Atoi(l.word(1)) // 0 if it is none, which HAProxy refuses
		case "disabled", "enabled":
			p.disabled = l.words[0] == "disabled"
		case "table":
			c.addTable(l, p.name+"/"+l.word(1), p.name, 2)
		}
	}
	c.peers = append(c.peers, p)
}

// addServer adds a server or peer line. A peer line of the local peer is its bind line too.
func (c *Configuration) addServer(p *peers, l line, bindDefaults, serverDefaults map[string]string) {
	address, from := "", 2
	name, _ := c.localPeer()
	local := l.word(1) == name
	if l.words[0] == "peer" || !local {
		address, from = l.word(2), 3
	}
	if p.optionsFrom(l) {
		address, from = "", 2
	}
	p.servers = append(p.servers, newEndpoint(l, l.word(1), address, from, serverDefaults))
	if l.words[0] == "peer" && local {
		p.binds = append(p.binds, newEndpoint(l, "", address, from, bindDefaults))
	}
}

// optionsFrom says whether the third word is no address.
func (p *peers) optionsFrom(l line) bool {
	third := l.word(2)
	return third == "" || optionTakes[third] || third == "ssl" || third == "no-ssl"
}

func newEndpoint(l line, name, address string, from int, inherited map[string]string) endpoint {
	e := endpoint{line: l, name: name, address: address, options: maps.Clone(inherited)}
	obeyOptions(e.options, l.words[min(from, len(l.words)):])
	return e
}

// optionTakes are the options with a value that matter here.
var optionTakes = map[string]bool{
	"crt": true, "ca-file": true, "verify": true, "verifyhost": true, "shard": true, "sni": true, "id": true, "crl-file": true,
	"ciphers": true, "ciphersuites": true, "ssl-min-ver": true, "ssl-max-ver": true, "alpn": true, "source": true, "name": true,
}

func obeyOptions(options map[string]string, words []string) {
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case word == "no-ssl":
			delete(options, "ssl")
		case optionTakes[word] && i+1 < len(words):
			i++
			options[word] = words[i]
		default:
			options[word] = ""
		}
	}
}

// local returns the line of HAProxy itself: the one with its name, or else the
// one without an address.
func (p *peers) local(name string) (endpoint, bool) {
	i := slices.IndexFunc(p.servers, func(e endpoint) bool { return e.name == name })
	if i < 0 {
		i = slices.IndexFunc(p.servers, func(e endpoint) bool { return e.address == "" && len(e.unset) == 0 })
	}
	if i < 0 {
		return endpoint{}, false
	}
	return p.servers[i], true
}

// remotes returns the lines of others.
func (p *peers) remotes(name string) []endpoint {
	var others []endpoint
	local, _ := p.local(name)
	for _, e := range p.servers {
		if e.name != local.name {
			others = append(others, e)
		}
	}
	return others
}

// trackerWords are parts of names by which a peer is taken for a tracker.
var trackerWords = []string{"track", "quota", "count", "meter", "bill", "peerdump"}

// trackers returns the peers that are trackers: by their names, or, if there is
// but one peer, that one.
func (p *peers) trackers(local string) []endpoint {
	others := p.remotes(local)
	if len(others) == 1 {
		return others
	}
	return slices.DeleteFunc(others, func(e endpoint) bool { return !looksLikeTracker(e.name) })
}

// siblings returns the peers that are no trackers: other HAProxies.
func (p *peers) siblings(local string) []endpoint {
	others := p.remotes(local)
	if len(others) == 1 {
		return nil
	}
	return slices.DeleteFunc(others, func(e endpoint) bool { return looksLikeTracker(e.name) })
}

func looksLikeTracker(name string) bool {
	return slices.ContainsFunc(trackerWords, func(part string) bool { return strings.Contains(strings.ToLower(name), part) })
}

// onThisMachine says whether an address is of no network. One that is not known
// is taken to be: nothing is said of it.
func onThisMachine(address string) bool {
	family, rest, given := strings.Cut(address, "@")
	if given && family != "ipv4" && family != "ipv6" {
		return true // unix@, abns@, fd@
	}
	if given {
		address = rest
	}
	host := address
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		host = address[:i]
	}
	host = strings.Trim(host, "[]")
	if strings.HasPrefix(address, "/") || host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err == nil {
		return ip.IsLoopback()
	}
	return false
}
