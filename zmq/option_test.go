package zmq

import "testing"

func TestOptionsAreFoundByNameAndNumber(t *testing.T) {
	for i := range Options {
		o := &Options[i]
		if OptionByName(o.Name) != o || OptionByNumber(o.Number) != o {
			t.Errorf("%s is not found, or twice there", o.Name)
		}
	}
	if OptionByName("identity") != OptionByName("ROUTING_ID") {
		t.Error("an alias is something else")
	}
	if OptionByName("") != nil || OptionByNumber(-1) != nil {
		t.Error("what there is not is found")
	}
}

func TestOptionChecksItsValue(t *testing.T) {
	for _, c := range []struct {
		name string
		v    any
		ok   bool
	}{
		{"LINGER", -1.0, true}, {"LINGER", 0.5, false}, {"LINGER", 3e9, false},
		{"LINGER", "1", false}, {"LINGER", true, true}, {"LINGER", nil, false},
		{"MAXMSGSIZE", 3e9, true}, {"MAXMSGSIZE", true, false}, {"AFFINITY", -1.0, false},
		{"SUBSCRIBE", "a\x00b", true}, {"SUBSCRIBE", 1.0, false},
		{"PLAIN_USERNAME", "a\x00b", false}, {"PLAIN_USERNAME", "a", true},
		{"CURVE_SECRETKEY", "short", false}, {"CURVE_SECRETKEY", string(make([]byte, 32)), true},
	} {
		if o := OptionByName(c.name); o.Check(c.v) != c.ok {
			t.Errorf("%s = %v: %v", c.name, c.v, !c.ok)
		}
	}
}
