package peers

import "fmt"

// DataType is something that a stick table can store about a key. Its number is
// its bit in a definition (src/stick_table.c, stktable_data_types).
type DataType uint8

// The data types of HAProxy 1.5 to 3.5.
const (
	ServerID DataType = iota
	GPT0
	GPC0
	GPC0Rate
	ConnCnt
	ConnRate
	ConnCur
	SessCnt
	SessRate
	HTTPReqCnt
	HTTPReqRate
	HTTPErrCnt
	HTTPErrRate
	BytesInCnt
	BytesInRate
	BytesOutCnt
	BytesOutRate
	GPC1
	GPC1Rate
	ServerKey
	HTTPFailCnt
	HTTPFailRate
	GPT
	GPC
	GPCRate
	GlitchCnt
	GlitchRate
)

// encoding says how a value lies on the wire.
type encoding uint8

const (
	encSint encoding = iota // one varint, sign-extended from 32 bits
	encUint                 // one varint, 32 bits
	encUll                  // one varint, 64 bits
	encFreq                 // three varints: age in milliseconds, current, previous
	encDict                 // a string, or the number of one that was sent before
)

// numbers is how many varints one value of the encoding takes.
func (e encoding) numbers() int {
	switch e {
	case encFreq:
		return 3
	case encDict:
		return 0
	default:
		return 1
	}
}

// mask cuts a number down to what HAProxy stores of it.
func (e encoding) mask() uint64 {
	if e == encUll {
		return 1<<64 - 1
	}
	return 1<<32 - 1
}

// dataTypes is the one place that knows what the data types are.
var dataTypes = [...]struct {
	name  string
	enc   encoding
	array bool
}{
	ServerID:     {name: "server_id", enc: encSint},
	GPT0:         {name: "gpt0", enc: encUint},
	GPC0:         {name: "gpc0", enc: encUint},
	GPC0Rate:     {name: "gpc0_rate", enc: encFreq},
	ConnCnt:      {name: "conn_cnt", enc: encUint},
	ConnRate:     {name: "conn_rate", enc: encFreq},
	ConnCur:      {name: "conn_cur", enc: encUint},
	SessCnt:      {name: "sess_cnt", enc: encUint},
	SessRate:     {name: "sess_rate", enc: encFreq},
	HTTPReqCnt:   {name: "http_req_cnt", enc: encUint},
	HTTPReqRate:  {name: "http_req_rate", enc: encFreq},
	HTTPErrCnt:   {name: "http_err_cnt", enc: encUint},
	HTTPErrRate:  {name: "http_err_rate", enc: encFreq},
	BytesInCnt:   {name: "bytes_in_cnt", enc: encUll},
	BytesInRate:  {name: "bytes_in_rate", enc: encFreq},
	BytesOutCnt:  {name: "bytes_out_cnt", enc: encUll},
	BytesOutRate: {name: "bytes_out_rate", enc: encFreq},
	GPC1:         {name: "gpc1", enc: encUint},
	GPC1Rate:     {name: "gpc1_rate", enc: encFreq},
	ServerKey:    {name: "server_key", enc: encDict},
	HTTPFailCnt:  {name: "http_fail_cnt", enc: encUint},
	HTTPFailRate: {name: "http_fail_rate", enc: encFreq},
	GPT:          {name: "gpt", enc: encUint, array: true},
	GPC:          {name: "gpc", enc: encUint, array: true},
	GPCRate:      {name: "gpc_rate", enc: encFreq, array: true},
	GlitchCnt:    {name: "glitch_cnt", enc: encUint},
	GlitchRate:   {name: "glitch_rate", enc: encFreq},
}

func (t DataType) known() bool { return int(t) < len(dataTypes) }

// hasParams says whether a definition spells the type out after the bit field.
func (t DataType) hasParams() bool {
	return dataTypes[t].array || dataTypes[t].enc == encFreq
}

// String is the name that `show table` prints.
func (t DataType) String() string {
	if t.known() {
		return dataTypes[t].name
	}
	return fmt.Sprintf("data type %d", uint8(t))
}
