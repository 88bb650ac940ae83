package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/haproof/haproof/harness"
)

// maxResultBytes bounds a result.json that is read: 50 customers and 24 trials
// take less than 1 MB.
const maxResultBytes = 256 << 20

// JSON writes the result itself, indented: the file that Load reads and
// docs/RESULT.md documents.
func JSON(w io.Writer, r *harness.Result) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Load reads a result.json strictly: another schema, an unknown field, a
// truncated file and anything after the end are errors.
func Load(path string) (*harness.Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxResultBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	r, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func decode(b []byte) (*harness.Result, error) {
	if len(b) > maxResultBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxResultBytes)
	}
	var head struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, explain(b, err)
	}
	switch {
	case head.Schema == nil:
		return nil, errors.New("no result: it has no schema")
	case *head.Schema != harness.ResultSchema:
		return nil, fmt.Errorf("schema %d, but this haproof reads schema %d", *head.Schema, harness.ResultSchema)
	}
	r := new(harness.Result)
	dec := json.NewDecoder(bytes.NewReader(b)) // nothing follows the value: Unmarshal has seen to that
	dec.DisallowUnknownFields()
	if err := dec.Decode(r); err != nil {
		return nil, explain(b, err)
	}
	return r, nil
}

// explain says where in the file an error of encoding/json lies.
func explain(b []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(b) == 0:
		return errors.New("empty file")
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(b)):
		return fmt.Errorf("truncated after %d bytes", len(b))
	case errors.As(err, &syntax):
		return fmt.Errorf("byte %d: %w", syntax.Offset, err)
	case errors.As(err, &kind):
		return fmt.Errorf("byte %d: %s is a %s, not a %s", kind.Offset, kind.Field, kind.Value, kind.Type)
	}
	return err
}
