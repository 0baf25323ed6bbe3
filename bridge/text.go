package bridge

import (
	"strconv"
	"strings"
)

// dotted joins the parts of a version.
func dotted(parts ...int) string {
	s := make([]string, len(parts))
	for i, p := range parts {
		s[i] = strconv.Itoa(p)
	}
	return strings.Join(s, ".")
}
