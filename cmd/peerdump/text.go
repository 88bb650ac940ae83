package main

import (
	"fmt"
	"strconv"
	"time"
	"unicode"

	"github.com/haproof/haproof/harness/peers"
)

// text appends the event as a line for people: when or where, who, and what.
func text(b []byte, e event) []byte {
	if e.at.IsZero() {
		b = fmt.Appendf(b, "%8d ", e.offset)
	} else {
		b = e.at.AppendFormat(b, "15:04:05.000000 ")
		b = fmt.Appendf(b, "%d%c ", e.conn, arrow(e.ours))
	}
	switch {
	case e.hello != nil:
		return fmt.Appendf(b, "hello %d.%d to %s from %s pid %d", e.hello.Major, e.hello.Minor, word(e.hello.To), word(e.hello.From), e.hello.PID)
	case e.status != 0:
		return fmt.Appendf(b, "%v", e.status)
	}
	return textMessage(b, e.msg)
}

// arrow points to us for what the peer says.
func arrow(ours bool) rune {
	if ours {
		return '>'
	}
	return '<'
}

func textMessage(b []byte, m peers.Message) []byte {
	switch m.Kind {
	case peers.KindControl:
		return append(b, m.Control.String()...)
	case peers.KindFault:
		return fmt.Appendf(b, "error: %v", m.Fault)
	case peers.KindDefinition:
		return textDefinition(b, m.Definition)
	case peers.KindSwitch:
		return fmt.Appendf(b, "switch to %d %s", m.Definition.ID, word(m.Definition.Name))
	case peers.KindAck:
		return fmt.Appendf(b, "ack table %d update %d", m.Ack.TableID, m.Ack.ID)
	case peers.KindUpdate:
		return textUpdate(b, m.Update)
	default:
		return fmt.Appendf(b, "skipped: class %d type 0x%02x, %d bytes: %v", m.Skipped.Class, m.Skipped.Type, m.Skipped.Size, m.Skipped.Why)
	}
}

func textDefinition(b []byte, d *peers.Definition) []byte {
	b = fmt.Appendf(b, "define %d %s type %v len %d", d.ID, word(d.Name), d.KeyType, d.KeyLen)
	if d.Expire > 0 {
		b = fmt.Appendf(b, " expire %v", d.Expire)
	}
	b = append(b, " store"...)
	for i, f := range d.Fields {
		separator := byte(',')
		if i == 0 {
			separator = ' '
		}
		b = append(b, separator)
		b = append(b, f.String()...)
	}
	if d.Unknown != 0 {
		b = fmt.Appendf(b, " and unknown types 0x%x", d.Unknown)
	}
	return b
}

func textUpdate(b []byte, u *peers.Update) []byte {
	if u.Timed {
		b = append(b, "timed "...)
	}
	b = append(b, "update "...)
	if u.Incremental {
		b = append(b, '+')
	}
	b = fmt.Appendf(b, "%d %s %s", u.ID, word(u.Table.Name), word(u.Table.KeyText(u.Key)))
	if u.Timed && u.Remaining > 0 {
		b = fmt.Appendf(b, " for %v", u.Remaining)
	}
	for _, v := range values(u) {
		b = append(b, ' ')
		b = append(b, v.name...)
		b = append(b, '=')
		b = v.appendText(b)
	}
	return b
}

func (v value) appendText(b []byte) []byte {
	switch {
	case v.dict != nil && v.dict.ID == 0:
		return append(b, '-')
	case v.dict != nil:
		return fmt.Appendf(b, "%s(%d)", word(v.dict.Text), v.dict.ID)
	case v.rate != nil:
		return fmt.Appendf(b, "%d+%d/%v", v.rate.Current, v.rate.Previous, v.rate.Age.Round(time.Millisecond))
	case v.signed:
		return strconv.AppendInt(b, int64(int32(v.number)), 10)
	default:
		return strconv.AppendUint(b, v.number, 10)
	}
}

// word quotes what would not be one word, or would upset a terminal.
func word(s string) string {
	for _, r := range s {
		if !unicode.IsPrint(r) || r == ' ' || r == '"' || r == unicode.ReplacementChar {
			return strconv.Quote(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}
