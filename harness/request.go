package harness

// Request is one that a workload offers as it stands, in place of what a profile
// would make up.
type Request struct {
	Endpoint int    // index of where it goes
	TLS      bool   // over HTTPS
	Method   string // such as GET
	Host     string // as in the header Host, with a port that is not the usual one
	Path     string // with the query
	Header   string // further header lines, each ended by CR LF
	Body     string
	Template bool // Path, Header and Body hold placeholders, see ParsePattern
}
