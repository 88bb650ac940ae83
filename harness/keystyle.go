package harness

// KeyStyle is how proxies count customers in their table. The zero value means
// KeysExact.
type KeyStyle string

// The styles of keys.
const (
	// KeysExact has the generation of the process in each key, and has a process
	// that is stopping log its answers for the tracker instead of counting them.
	KeysExact KeyStyle = "exact"
	// KeysPlain is the configuration of the talk that the design comes from: the
	// customer alone is the key, and a stopping process counts on.
	KeysPlain KeyStyle = "plain"
)

// KeyStyle returns how the topology's proxies count.
func (t Topology) KeyStyle() KeyStyle {
	if style := t[TierProxy].Keys; style != "" {
		return style
	}
	return KeysExact
}
