package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type schemaField struct {
	// Type is a text for a leaf, or an object with list, map or object.
	Type any `json:"type"`
	// Refused fields may not be used, whatever their type.
	Refused string `json:"refused"`
}

// compareSchema tells where the pod schema of the profiles differs from Kubernetes' own types.
func compareSchema(objects map[string]map[string]schemaField) []string {
	problems := []string{}
	seen := map[string]bool{}
	for name, kind := range map[string]reflect.Type{
		"Container": reflect.TypeOf(corev1.Container{}),
		"Volume":    reflect.TypeOf(corev1.Volume{}),
	} {
		if objects[name] != nil {
			compareObject(objects, name, kind, seen, &problems)
		}
	}
	for name := range objects {
		if !seen[name+"/"] {
			problems = append(problems, name+" is used by nothing")
		}
	}
	sort.Strings(problems)
	return problems
}

func compareObject(objects map[string]map[string]schemaField, name string, kind reflect.Type, seen map[string]bool, problems *[]string) {
	seen[name+"/"] = true
	if seen[name+"/"+kind.String()] {
		return
	}
	seen[name+"/"+kind.String()] = true
	fields := map[string]reflect.Type{}
	collect(kind, fields)
	for key, declared := range objects[name] {
		found, there := fields[key]
		if !there {
			*problems = append(*problems, fmt.Sprintf("%s.%s: %s has no such field", name, key, kind))
			continue
		}
		if declared.Refused == "" {
			compareType(objects, name+"."+key, declared.Type, found, seen, problems)
		}
	}
}

func collect(kind reflect.Type, fields map[string]reflect.Type) {
	for at := range kind.NumField() {
		field := kind.Field(at)
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			fields[name] = field.Type
		} else if field.Anonymous {
			collect(field.Type, fields)
		}
	}
}

var leaves = map[string]func(reflect.Type) bool{
	"string":        func(kind reflect.Type) bool { return kind.Kind() == reflect.String },
	"int":           func(kind reflect.Type) bool { return kind.Kind() == reflect.Int32 || kind.Kind() == reflect.Int64 },
	"bool":          func(kind reflect.Type) bool { return kind.Kind() == reflect.Bool },
	"quantity":      func(kind reflect.Type) bool { return kind == reflect.TypeOf(resource.Quantity{}) },
	"int-or-string": func(kind reflect.Type) bool { return kind == reflect.TypeOf(intstr.IntOrString{}) },
}

func compareType(objects map[string]map[string]schemaField, place string, declared any, found reflect.Type, seen map[string]bool, problems *[]string) {
	for found.Kind() == reflect.Pointer {
		found = found.Elem()
	}
	wrong := func() { *problems = append(*problems, fmt.Sprintf("%s: is %s, not %v", place, found, declared)) }
	switch of := declared.(type) {
	case string:
		if leaves[of] == nil || !leaves[of](found) {
			wrong()
		}
	case map[string]any:
		switch {
		case of["list"] != nil && found.Kind() == reflect.Slice:
			compareType(objects, place, of["list"], found.Elem(), seen, problems)
		case of["map"] != nil && found.Kind() == reflect.Map:
			compareType(objects, place, of["map"], found.Elem(), seen, problems)
		case of["object"] != nil && found.Kind() == reflect.Struct:
			compareObject(objects, of["object"].(string), found, seen, problems)
		default:
			wrong()
		}
	default:
		wrong()
	}
}
