package peers

import (
	"errors"
	"fmt"
)

// The limits of a Decoder whose fields are zero.
const (
	DefaultMaxMessage = 16384 // bytes of payload, like HAProxy's tune.bufsize
	DefaultMaxTables  = 1024  // tables defined in one session
)

// Decoder reads the messages of one direction of one session. It remembers the
// tables, their last update, and the strings that the sender refers to by number.
// The zero value is ready, with default limits. What cannot be understood without
// being malformed is skipped, where HAProxy skips it.
type Decoder struct {
	MaxMessage int // bytes of payload
	MaxTables  int

	tables  tables
	dict    dictCache
	update  Update
	skipped Skipped
}

// Next reads the message at the start of b and returns the bytes it took, 0 when b
// does not hold all of it. After an error, which wraps ErrProtocol or ErrSize, the
// Decoder must not be used again.
func (d *Decoder) Next(b []byte) (m Message, n int, err error) {
	f, n, err := parseFrame(b, d.maxMessage())
	if err != nil || n == 0 {
		return Message{}, 0, err
	}
	switch f.class {
	case classTable:
		err = d.tableMessage(&m, f)
	case classControl:
		if f.typ <= byte(Heartbeat) {
			m.Kind, m.Control = KindControl, Control(f.typ)
		}
	case classError:
		if f.typ < withPayload {
			m.Kind, m.Fault = KindFault, Fault(f.typ)
		}
	}
	if err != nil {
		return Message{}, 0, classify(fmt.Errorf("message %d 0x%02x: %w", f.class, f.typ, err))
	}
	if m.Kind == KindSkipped && m.Skipped == nil {
		d.skip(&m, f, errUnknownMessage)
	}
	return m, n, nil
}

// MaxFrame is the most bytes that a message can take with its header.
func (d *Decoder) MaxFrame() int { return 2 + maxVarint + d.maxMessage() }

func (d *Decoder) maxMessage() int {
	if d.MaxMessage > 0 {
		return d.MaxMessage
	}
	return DefaultMaxMessage
}

func (d *Decoder) maxTables() int {
	if d.MaxTables > 0 {
		return d.MaxTables
	}
	return DefaultMaxTables
}

// tableMessage fills m, which is passed on rather than returned because updates are
// many and copies of it would take most of their time.
func (d *Decoder) tableMessage(m *Message, f frame) error {
	switch f.typ {
	case typeUpdate, typeIncremental, typeTimedUpdate, typeTimedIncremental:
		return d.updateMessage(m, f)
	case typeDefinition:
		return d.define(m, f)
	case typeSwitch:
		return d.switchTo(m, f)
	case typeAck:
		ack, _, err := parseAck(f.payload)
		m.Kind, m.Ack = KindAck, ack
		return err
	default:
		return nil
	}
}

func (d *Decoder) updateMessage(m *Message, f frame) error {
	t := d.tables.current
	if t == nil {
		d.skip(m, f, errNoTable)
		return nil
	}
	u := &d.update
	u.Table = t.def
	if err := u.parse(f.payload, f.typ, t.lastID, &d.dict); err != nil {
		return err
	}
	t.lastID = u.ID
	m.Kind, m.Update = KindUpdate, u
	return nil
}

// define enters or replaces a table and makes it the current one.
func (d *Decoder) define(m *Message, f frame) error {
	def, err := d.tables.define(f.payload, d.maxTables())
	if errors.Is(err, errUnusable) {
		d.skip(m, f, err)
		return nil
	}
	m.Kind, m.Definition = KindDefinition, def
	return err
}

func (d *Decoder) switchTo(m *Message, f frame) error {
	s, _, err := parseSwitch(f.payload)
	if err != nil {
		return err
	}
	def := d.tables.switchTo(s.TableID)
	if def == nil {
		d.skip(m, f, errNoTable)
		return nil
	}
	m.Kind, m.Definition = KindSwitch, def
	return nil
}

func (d *Decoder) skip(m *Message, f frame, why error) {
	d.skipped = Skipped{Class: f.class, Type: f.typ, Size: len(f.payload), Why: why}
	m.Kind, m.Skipped = KindSkipped, &d.skipped
}

// classify makes every complaint wrap one of the two errors that callers know.
func classify(err error) error {
	if errors.Is(err, ErrSize) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrProtocol, err)
}
