package main

import (
	"encoding/hex"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/haproof/haproof/harness/peers"
)

// record is an event as JSON. Fields that do not apply are absent.
type record struct {
	Type   string `json:"type"`
	Time   string `json:"time,omitempty"`
	Conn   int    `json:"conn,omitempty"`
	Ours   bool   `json:"ours,omitempty"`
	Offset int64  `json:"offset"`

	Version string `json:"version,omitempty"`
	To      string `json:"to,omitempty"`
	From    string `json:"from,omitempty"`
	PID     int    `json:"pid,omitempty"`
	Status  int    `json:"status,omitempty"`
	Text    string `json:"text,omitempty"` // of a control message, a fault, why one is skipped

	TableID *uint64     `json:"tableId,omitempty"`
	Table   string      `json:"table,omitempty"`
	Define  *definition `json:"definition,omitempty"`

	ID          *uint32        `json:"id,omitempty"`
	Incremental bool           `json:"incremental,omitempty"`
	Timed       bool           `json:"timed,omitempty"`
	RemainingMS *int64         `json:"remainingMs,omitempty"`
	Key         *string        `json:"key,omitempty"`
	KeyHex      string         `json:"keyHex,omitempty"` // instead of key, when that is no UTF-8
	Values      map[string]any `json:"values,omitempty"`
}

type definition struct {
	KeyType  string   `json:"keyType"`
	KeyLen   uint64   `json:"keyLen"`
	ExpireMS int64    `json:"expireMs"`
	Store    []string `json:"store"`
	Unknown  uint64   `json:"unknown,omitempty"`
}

type rate struct {
	Current  uint32 `json:"current"`
	Previous uint32 `json:"previous"`
	AgeMS    int64  `json:"ageMs"`
}

// jsonLine appends the event as an object on one line.
func jsonLine(b []byte, e event) []byte {
	r := record{Conn: e.conn, Ours: e.ours, Offset: e.offset}
	if !e.at.IsZero() {
		r.Time = e.at.UTC().Format(time.RFC3339Nano)
	}
	switch {
	case e.hello != nil:
		r.Type, r.To, r.From, r.PID = "hello", e.hello.To, e.hello.From, e.hello.PID
		r.Version = string(rune('0'+e.hello.Major)) + "." + string(rune('0'+e.hello.Minor))
	case e.status != 0:
		r.Type, r.Status = "status", int(e.status)
	default:
		r.message(e.msg)
	}
	text, err := json.Marshal(r)
	if err != nil { // cannot be: a record has nothing that JSON cannot say
		return append(b, `{"type":"unprintable"}`...)
	}
	return append(b, text...)
}

func (r *record) message(m peers.Message) {
	switch m.Kind {
	case peers.KindControl:
		r.Type, r.Text = "control", m.Control.String()
	case peers.KindFault:
		r.Type, r.Text = "error", m.Fault.String()
	case peers.KindDefinition:
		r.Type = "define"
		r.define(m.Definition)
	case peers.KindSwitch:
		r.Type, r.Table, r.TableID = "switch", m.Definition.Name, &m.Definition.ID
	case peers.KindAck:
		r.Type, r.TableID, r.ID = "ack", &m.Ack.TableID, &m.Ack.ID
	case peers.KindUpdate:
		r.Type = "update"
		r.update(m.Update)
	default:
		r.Type, r.Text = "skipped", m.Skipped.Why.Error()
	}
}

func (r *record) define(d *peers.Definition) {
	r.Table, r.TableID = d.Name, &d.ID
	r.Define = &definition{KeyType: d.KeyType.String(), KeyLen: d.KeyLen, ExpireMS: d.Expire.Milliseconds(), Unknown: d.Unknown, Store: []string{}}
	for _, f := range d.Fields {
		r.Define.Store = append(r.Define.Store, f.String())
	}
}

func (r *record) update(u *peers.Update) {
	r.Table, r.ID, r.Incremental, r.Timed = u.Table.Name, &u.ID, u.Incremental, u.Timed
	if u.Timed {
		ms := u.Remaining.Milliseconds()
		r.RemainingMS = &ms
	}
	if key := u.Table.KeyText(u.Key); utf8.ValidString(key) {
		r.Key = &key
	} else {
		r.KeyHex = hex.EncodeToString(u.Key)
	}
	r.Values = map[string]any{}
	for _, v := range values(u) {
		r.Values[v.name] = v.json()
	}
}

func (v value) json() any {
	switch {
	case v.dict != nil && v.dict.ID == 0:
		return nil
	case v.dict != nil:
		return v.dict.Text
	case v.rate != nil:
		return rate{v.rate.Current, v.rate.Previous, v.rate.Age.Milliseconds()}
	case v.signed:
		return int32(v.number)
	default:
		return v.number
	}
}
