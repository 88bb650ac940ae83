package harness

// driverHTTP1 is the driver that speaks HTTP/1.1 only.
const driverHTTP1 = "wire"

// protocolRules hold for workloads over HTTP/2. A driver is not chosen for the
// scenario: which one loads is part of what it says.
var protocolRules = []rule{
	{[]string{"workload.protocol", "workload.driver"}, overHTTP2(func(w *Workload) (text, suggestion string) {
		if w.Driver == driverHTTP1 {
			return "driver wire speaks HTTP/1.1 and not " + ProtocolHTTP2, "write driver: vegeta beside it"
		}
		return "", ""
	})},
	{[]string{"workload.protocol", "workload.route", "workload.tls", "workload.routes"}, overHTTP2(func(w *Workload) (text, suggestion string) {
		switch {
		case w.Route == RouteDirect:
			return "backends speak no HTTP/2, so protocol cannot be h2 on route direct", "set protocol: http/1.1"
		case w.OverTLS() == 0:
			return "protocol h2 goes over TLS, which no attempt does", "set tls: above 0, such as tls: 1"
		}
		return "", ""
	})},
	{[]string{"workload.connect.most", "workload.protocol"}, overHTTP2(func(w *Workload) (text, suggestion string) {
		if w.Connect != nil && w.Connect.Most > 0 {
			return "connect.most is for HTTP/1.1, where a connection carries one attempt at a time", "set connections: to how many each host has"
		}
		return "", ""
	})},
	{[]string{"workload.connect.reuse", "workload.protocol"}, overHTTP2(func(w *Workload) (text, suggestion string) {
		if w.Connect != nil && w.Connect.Reuse == ReuseOldest {
			return "connect.reuse is for HTTP/1.1; over h2 an attempt goes to the connection with the fewest others", "take reuse out"
		}
		return "", ""
	})},
}

// overHTTP2 makes a rule for workloads that want HTTP/2.
func overHTTP2(broken func(w *Workload) (text, suggestion string)) func(*Scenario) (string, string) {
	return func(sc *Scenario) (text, suggestion string) {
		if sc.Workload.Protocol != ProtocolHTTP2 {
			return "", ""
		}
		return broken(&sc.Workload)
	}
}

// Speaks names what attempts go over, for people.
func (w *Workload) Speaks() string {
	switch {
	case w.Protocol != ProtocolHTTP2:
		return "HTTP/1.1"
	case w.OverTLS() < 1:
		return "HTTP/2 (HTTP/1.1 in clear)"
	}
	return "HTTP/2"
}
