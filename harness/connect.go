package harness

// Connect is how connections are made and used. Drivers that cannot do what it asks say so.
type Connect struct {
	Most     int    `yaml:"most" json:"most,omitempty"`         // most connections open at a time, all hosts together; attempts that find none free wait; 0 means no such limit
	Reuse    string `yaml:"reuse" json:"reuse,omitempty"`       // which idle connection goes first: recent (default) or oldest
	Requests int    `yaml:"requests" json:"requests,omitempty"` // attempts that a connection carries before the client closes it; 0 means as many as the peer lets it
	Resume   *Share `yaml:"resume" json:"resume,omitempty"`     // share of the new connections over TLS that offer a session to resume; nil means all that have one
	TLS      string `yaml:"tls" json:"tls,omitempty"`           // "1.2" or "1.3" and no other version; empty means either
}

// Which idle connection goes first. The zero value means ReuseRecent.
const (
	ReuseRecent = "recent" // the one used last, as browsers and proxies do: few stay in use
	ReuseOldest = "oldest" // the one used longest ago: all stay in use
)

// The protocols a workload is offered over. The zero value means ProtocolHTTP1.
const (
	ProtocolHTTP1 = "http/1.1"
	ProtocolHTTP2 = "h2" // over TLS only: attempts in clear stay HTTP/1.1
)
