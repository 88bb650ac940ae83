// Package witness reads what each vantage point of a lab saw: the origin's log,
// the proxy's log, its stick table and the tracker. It shares no code with the
// tracker or its peers codec, which are the accused.
package witness
