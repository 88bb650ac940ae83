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

// Kind says which field of a Message is filled.
type Kind uint8

// The kinds of message.
const (
	KindSkipped Kind = iota // a type or class that is not known, to be ignored
	KindControl
	KindFault
	KindDefinition
	KindSwitch
	KindUpdate
	KindAck
)

// Message is one message from a peer. Update and its buffers are reused: they are
// valid until the next call of Decoder.Next. Definitions stay as they are.
type Message struct {
	Kind       Kind
	Control    Control
	Fault      Fault
	Definition *Definition // also set for KindSwitch
	Update     *Update
	Ack        Ack
}

// Decoder reads the messages of one direction of one session. It remembers the
// tables, their last update, and the strings that the sender refers to by number.
// The zero value is ready, with default limits.
type Decoder struct {
	MaxMessage int // bytes of payload
	MaxTables  int

	tables  map[uint64]*table
	current *table
	dict    dictCache
	update  Update
}

type table struct {
	def    Definition
	lastID uint32
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
		return d.define(m, f.payload)
	case typeSwitch:
		return d.switchTo(m, f.payload)
	case typeAck:
		ack, _, err := parseAck(f.payload)
		m.Kind, m.Ack = KindAck, ack
		return err
	default:
		return nil
	}
}

func (d *Decoder) updateMessage(m *Message, f frame) error {
	if d.current == nil {
		return errors.New("update before a table was defined")
	}
	u := &d.update
	u.Table = &d.current.def
	if err := u.parse(f.payload, f.typ, d.current.lastID, &d.dict); err != nil {
		return err
	}
	d.current.lastID = u.ID
	m.Kind, m.Update = KindUpdate, u
	return nil
}

// define enters or replaces a table and makes it the current one. The number of
// its last update survives: HAProxy defines a table again whenever it turns to it.
func (d *Decoder) define(m *Message, payload []byte) error {
	def, _, err := parseDefinition(payload)
	if err != nil {
		return err
	}
	t := &table{def: def}
	if old, ok := d.tables[def.ID]; ok {
		if old.def.Name == def.Name {
			t.lastID = old.lastID
		}
	} else if len(d.tables) >= d.maxTables() {
		return fmt.Errorf("%w: more than %d tables", ErrSize, d.maxTables())
	}
	if d.tables == nil {
		d.tables = make(map[uint64]*table)
	}
	d.tables[def.ID] = t
	d.current = t
	m.Kind, m.Definition = KindDefinition, &t.def
	return nil
}

func (d *Decoder) switchTo(m *Message, payload []byte) error {
	s, _, err := parseSwitch(payload)
	if err != nil {
		return err
	}
	t, ok := d.tables[s.TableID]
	if !ok {
		return fmt.Errorf("switch to table %d, which was not defined", s.TableID)
	}
	d.current = t
	m.Kind, m.Definition = KindSwitch, &t.def
	return nil
}

// classify makes every complaint wrap one of the two errors that callers know.
func classify(err error) error {
	if errors.Is(err, ErrSize) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrProtocol, err)
}
