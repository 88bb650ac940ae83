package harness

import "time"

// Table is what the stick table of the proxies is like. The zero value of each
// field is what a careful operator would choose.
type Table struct {
	Size       int           `yaml:"size" json:"size,omitempty"`             // entries; 0 means ample
	Length     int           `yaml:"length" json:"length,omitempty"`         // of a key in bytes; 0 means ample, with plain keys the talk's 8
	Expire     time.Duration `yaml:"expire" json:"expireNs,omitempty"`       // of an entry that nobody touches; 0 means never
	NoPurge    bool          `yaml:"nopurge" json:"noPurge,omitempty"`       // a full table takes nobody new, instead of forgetting the oldest
	Store      string        `yaml:"store" json:"store,omitempty"`           // further data types, such as conn_cur,http_req_rate(10s)
	BusySlot   bool          `yaml:"busyslot" json:"busySlot,omitempty"`     // another rule has taken the stick counter first
	ClearLocal bool          `yaml:"clearlocal" json:"clearLocal,omitempty"` // the line of the local peer lacks TLS
	Peered     bool          `yaml:"peered" json:"peered,omitempty"`         // the proxies are peers of each other too
}
