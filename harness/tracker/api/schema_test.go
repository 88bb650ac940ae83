package api

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// schemas judges values by the part of JSON Schema that openapi.json uses. A keyword
// that it does not know is an error, so that none goes unheeded.
type schemas map[string]map[string]any

var idle = []string{"description", "default", "example"}

func (all schemas) judge(schema map[string]any, value any, at string) error {
	for word, rule := range schema {
		if slices.Contains(idle, word) {
			continue
		}
		if err := all.heed(word, rule, schema, value, at); err != nil {
			return err
		}
	}
	return nil
}

func (all schemas) heed(word string, rule any, schema map[string]any, value any, at string) error {
	switch word {
	case "$ref":
		name := strings.TrimPrefix(rule.(string), "#/components/schemas/")
		if all[name] == nil {
			return fmt.Errorf("%s: no schema %q", at, name)
		}
		return all.judge(all[name], value, at)
	case "type":
		return judgeType(rule, value, at)
	case "enum":
		if !slices.Contains(rule.([]any), value) {
			return fmt.Errorf("%s: %v is not one of %v", at, value, rule)
		}
	case "minimum", "maximum":
		n, err := value.(json.Number).Float64()
		if limit := rule.(float64); err != nil || word == "minimum" && n < limit || word == "maximum" && n > limit {
			return fmt.Errorf("%s: %v, %s %v", at, value, word, rule)
		}
	case "format":
		if _, err := time.Parse(time.RFC3339, fmt.Sprint(value)); rule != "date-time" || err != nil {
			return fmt.Errorf("%s: %v: format %v", at, value, rule)
		}
	case "items":
		for i, one := range value.([]any) {
			if err := all.judge(rule.(map[string]any), one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case "required":
		for _, name := range rule.([]any) {
			if _, ok := value.(map[string]any)[name.(string)]; !ok {
				return fmt.Errorf("%s: no %v", at, name)
			}
		}
	case "properties":
		for name, one := range rule.(map[string]any) {
			if inner, ok := value.(map[string]any)[name]; ok {
				if err := all.judge(one.(map[string]any), inner, at+"."+name); err != nil {
					return err
				}
			}
		}
	case "additionalProperties":
		known, _ := schema["properties"].(map[string]any)
		for name, inner := range value.(map[string]any) {
			if known[name] != nil {
				continue
			}
			if rule == false {
				return fmt.Errorf("%s: %q is not described", at, name)
			}
			if err := all.judge(rule.(map[string]any), inner, at+"."+name); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%s: keyword %q is not known here", at, word)
	}
	return nil
}

func judgeType(rule, value any, at string) error {
	types, ok := rule.([]any)
	if !ok {
		types = []any{rule}
	}
	is := "null"
	switch v := value.(type) {
	case string:
		is = "string"
	case bool:
		is = "boolean"
	case []any:
		is = "array"
	case map[string]any:
		is = "object"
	case json.Number:
		is = "number"
		if f, err := v.Float64(); err == nil && f == math.Trunc(f) && slices.Contains(types, "integer") {
			is = "integer"
		}
	}
	if !slices.Contains(types, any(is)) {
		return fmt.Errorf("%s: %v is %s, want %v", at, value, is, rule)
	}
	return nil
}
