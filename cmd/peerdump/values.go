package main

import (
	"fmt"

	"github.com/haproof/haproof/harness/peers"
)

// value is one value of an update, by the name that it has in `store`.
type value struct {
	name   string // of an array element with its number: gpc[2]
	field  peers.DataType
	number uint64
	signed bool // server_id
	rate   *peers.Rate
	dict   *peers.Dict
}

// values takes an update apart. The rates are counts of the current and the previous
// period, and the age of the current one.
func values(u *peers.Update) []value {
	var all []value
	for _, f := range u.Table.Fields {
		if f.Type == peers.ServerKey {
			all = append(all, value{name: f.Type.String(), field: f.Type, dict: &u.Dict})
			continue
		}
		for i := range f.Elements {
			v := value{name: f.Type.String(), field: f.Type, signed: f.Type == peers.ServerID}
			if f.Type == peers.GPT || f.Type == peers.GPC || f.Type == peers.GPCRate {
				v.name = fmt.Sprintf("%s[%d]", v.name, i)
			}
			if rate, ok := u.Rate(f.Type, i); ok {
				v.rate = &rate
			} else {
				v.number, _ = u.Element(f.Type, i)
			}
			all = append(all, v)
		}
	}
	return all
}
