package harness

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

var shapeFields = []field[Shape]{
	{"kind", func(d *decoder, v value, s *Shape) {
		d.name(v, "kind of shape", []string{ShapeRamp, ShapeSteps, ShapeSine, ShapeReplay}, &s.Kind)
	}},
	{"to", func(d *decoder, v value, s *Shape) { d.rate(v, &s.To) }},
	{"rates", func(d *decoder, v value, s *Shape) { d.rates(v, &s.Rates) }},
	{"period", func(d *decoder, v value, s *Shape) { d.duration(v, &s.Period) }},
	{"file", func(d *decoder, v value, s *Shape) { d.text(v, &s.File) }},
	{"speed", func(d *decoder, v value, s *Shape) { d.float(v, &s.Speed) }},
}

func (d *decoder) shape(v value, into **Shape) {
	var shape Shape
	mapping(d, v, shapeFields, &shape)
	*into = &shape
}

func (d *decoder) rates(v value, into *[]Rate) {
	if !d.is(v, yaml.SequenceNode) {
		return
	}
	rates := make([]Rate, len(v.node.Content))
	for i, n := range v.node.Content {
		rate := v.below(fmt.Sprint(i), n)
		d.places[rate.path] = n
		d.rate(rate, &rates[i])
	}
	*into = rates
}
