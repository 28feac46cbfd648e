#include <yaml.h>

/* Swift sees the event's anonymous unions badly: one accessor for each member that is read. */
static inline const unsigned char *cyaml_scalar_value(const yaml_event_t *e) { return e->data.scalar.value; }
static inline size_t cyaml_scalar_length(const yaml_event_t *e) { return e->data.scalar.length; }
static inline int cyaml_scalar_is_plain(const yaml_event_t *e) { return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE; }

static inline int cyaml_has_tag(const yaml_event_t *e) {
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT: return e->data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.tag != NULL;
    default: return 0;
    }
}

static inline int cyaml_has_anchor(const yaml_event_t *e) {
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor != NULL;
    case YAML_SEQUENCE_START_EVENT: return e->data.sequence_start.anchor != NULL;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.anchor != NULL;
    default: return 0;
    }
}
