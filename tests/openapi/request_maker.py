"""Makes requests of an OpenAPI document: parameters and bodies that its schemas allow, and bodies
they do not. Numbers and times rise from one to the next, so that a start is never behind its end."""
import datetime


class RequestMaker:
    """`ids`: for each path parameter of the components (by name) values that exist."""

    def __init__(self, document, random, ids):
        self.document = document
        self.random = random
        self.ids = ids
        self.number = 0

    def resolve(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"][2:].split("/"):
                target = target[part]
            node = target
        return node

    def _next(self):
        self.number += 1
        return self.number

    def _text(self, schema):
        pattern = schema.get("pattern", "")
        if schema.get("format") == "date-time":
            start = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
            return (start + datetime.timedelta(seconds=self._next())).isoformat()
        if pattern.startswith("^[0-9]"):
            return str(self.random.randrange(10 ** 6))
        if "A-Za-z_" in pattern:
            return "temperature,current"
        letters = "abcdef0123456789" if "Fa-f" in pattern else "abcdefghijkmnopqrstuvwxyz0123456789"
        least = 8 if "{8," in pattern else 1
        size = self.random.randint(least, min(12, schema.get("maxLength", 12)))
        return "".join(self.random.choice(letters) for _ in range(size))

    def value(self, schema):
        """Something the schema allows."""
        schema = self.resolve(schema)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if "oneOf" in schema and "properties" not in schema:
            return self.value(self.random.choice(schema["oneOf"]))
        if "anyOf" in schema:
            return self.value(schema["anyOf"][0])
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = self.random.choice(kind)
        if kind == "null":
            return None
        if kind == "boolean":
            return self.random.choice([True, False])
        if kind == "integer":
            return self.random.randint(schema.get("minimum", 0), min(schema.get("maximum", 999), 999))
        if kind == "number":
            return self._next() + self.random.choice([0, 0.25])
        if kind == "array":
            least = schema.get("minItems", 0)
            return [self.value(schema["items"]) for _ in range(self.random.randint(least, least + 2))]
        if kind == "object":
            return self._object(schema)
        return self._text(schema)

    def _object(self, schema):
        members = schema.get("properties", {})
        wanted = set(schema.get("required", []))
        one_of = [name for choice in schema.get("oneOf", []) for name in choice["required"]]
        if one_of:
            wanted.add(self.random.choice(one_of))
        optional = {name for name in members if name not in one_of and self.random.random() < 0.4}
        for pair in schema.get("not", {}).get("anyOf", []):
            optional.discard(pair["required"][self.random.randrange(2)])
        wanted |= optional
        body = {name: self.value(member) for name, member in members.items() if name in wanted}
        for name, needed in schema.get("dependentRequired", {}).items():
            if name in body and any(body.get(other) is None for other in needed):
                del body[name]
        return body

    def spoiled(self, schema, body):
        """The body with one thing the schema does not allow."""
        schema = self.resolve(schema)
        body = dict(body)
        required = [name for name in schema.get("required", []) if name in body]
        choice = self.random.randrange(3)
        if choice == 0 and required:
            del body[self.random.choice(required)]
        elif choice == 1 and body:
            body[self.random.choice(list(body))] = {"never": ["allowed"]}
        else:
            body["no_such_member"] = 1
        return body

    def path(self, pattern, operation, known):
        """The path with its id; `known`: one that exists."""
        for reference in operation.get("parameters", []):
            parameter = self.resolve(reference)
            if parameter["in"] != "path":
                continue
            kind = reference["$ref"].rsplit("/", 1)[1]
            exists = known and self.ids.get(kind)
            chosen = self.random.choice(self.ids[kind]) if exists else self.value(parameter["schema"])
            pattern = pattern.replace("{" + parameter["name"] + "}", chosen)
        return pattern

    def query(self, operation):
        query = {}
        for reference in operation.get("parameters", []):
            parameter = self.resolve(reference)
            wanted = parameter.get("required") or self.random.random() < 0.4
            if parameter["in"] != "query" or not wanted:
                continue
            of_device = parameter["schema"].get("$ref", "").endswith("/DeviceId")
            query[parameter["name"]] = (
                self.random.choice(self.ids["device"]) if of_device
                else self.value(parameter["schema"])
            )
        return query
