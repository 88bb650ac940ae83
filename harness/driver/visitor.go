package driver

// visitor is what an attempt's bytes need to know of its virtual user. Nothing that
// it returns is kept.
type visitor interface {
	number() uint64                // 0 first
	cookie(name string) []byte     // its value, empty where there is none
	appendCookies(b []byte) []byte // all of them as a header line with CR LF, or nothing
	jar() *cookies                 // where what answers set is kept; nil for nowhere
}
