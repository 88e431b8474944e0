#include "opcua/variables.hpp"

namespace modax::opcua {
namespace {

constexpr UA_UInt32 k_analog_unit_type = 17497;  // AnalogUnitType, Part 8, section 5.3.2.4

UA_NodeId type_of(const VariableSpec& spec) {
    if (spec.property) return standard(UA_NS0ID_PROPERTYTYPE);
    if (spec.unit) return standard(k_analog_unit_type);
    return standard(UA_NS0ID_BASEDATAVARIABLETYPE);
}

UA_EUInformation information_of(const Unit& unit) {
    UA_EUInformation information{};
    information.namespaceUri = view("http://www.opcfoundation.org/UA/units/un/cefact");
    for (const char letter : unit.code) {
        information.unitId = information.unitId * 256 + static_cast<unsigned char>(letter);
    }
    information.displayName = text(unit.symbol);
    information.description = text(unit.description);
    return information;
}

}  // namespace

UA_VariableAttributes variable_attributes(const VariableSpec& spec) {
    UA_VariableAttributes attributes = UA_VariableAttributes_default;
    attributes.displayName = text(spec.name);
    attributes.description = text(spec.description);
    attributes.dataType = spec.type->typeId;
    attributes.valueRank = UA_VALUERANK_SCALAR;
    attributes.accessLevel = UA_ACCESSLEVELMASK_READ;
    if (spec.history) {
        attributes.accessLevel |= UA_ACCESSLEVELMASK_HISTORYREAD;
        attributes.historizing = true;
    }
    return attributes;
}

Status Nodes::folder(std::string_view path, std::string_view name, const UA_NodeId& parent) {
    UA_ObjectAttributes attributes = UA_ObjectAttributes_default;
    attributes.displayName = text(name);
    return check(
        UA_Server_addObjectNode(
            &server_,
            node_id(path),
            parent,
            standard(UA_NS0ID_ORGANIZES),
            browse_name(name),
            standard(UA_NS0ID_FOLDERTYPE),
            attributes,
            nullptr,
            nullptr
        ),
        path
    );
}

Status Nodes::variable(const VariableSpec& spec, const UA_NodeId& parent, void* context) {
    const UA_VariableAttributes attributes = variable_attributes(spec);
    const UA_NodeId id = node_id(spec.path);
    auto code = UA_Server_addNode_begin(
        &server_,
        UA_NODECLASS_VARIABLE,
        id,
        parent,
        standard(spec.property ? UA_NS0ID_HASPROPERTY : UA_NS0ID_HASCOMPONENT),
        browse_name(spec.name),
        type_of(spec),
        &attributes,
        &UA_TYPES[UA_TYPES_VARIABLEATTRIBUTES],
        context,
        nullptr
    );
    if (code == UA_STATUSCODE_GOOD && spec.unit) {
        auto information = information_of(*spec.unit);
        const VariableSpec unit{
            spec.path + ".EngineeringUnits",
            "EngineeringUnits",
            "The unit of the value.",
            &UA_TYPES[UA_TYPES_EUINFORMATION],
            std::nullopt,
            true};
        if (auto added = constant(unit, id, &information, context); !added) return added;
    }
    if (code == UA_STATUSCODE_GOOD && spec.mandatory) {
        code = UA_Server_addReference(
            &server_,
            id,
            standard(UA_NS0ID_HASMODELLINGRULE),
            UA_EXPANDEDNODEID_NUMERIC(0, UA_NS0ID_MODELLINGRULE_MANDATORY),
            true
        );
    }
    if (code == UA_STATUSCODE_GOOD) code = UA_Server_addNode_finish(&server_, id);
    if (code == UA_STATUSCODE_GOOD) {
        write_value(
            server_, spec.path, nullptr, Timestamp{}, UA_STATUSCODE_BADWAITINGFORINITIALDATA
        );
    }
    return check(code, spec.path);
}

Status Nodes::constant(
    const VariableSpec& spec, const UA_NodeId& parent, void* value, void* context
) {
    UA_VariableAttributes attributes = variable_attributes(spec);
    // Unit properties of the standard have names of namespace 0 (Part 8, section 5.3.2.4).
    const UA_QualifiedName name{0, view(spec.name)};
    UA_Variant_setScalar(&attributes.value, value, spec.type);
    return check(
        UA_Server_addVariableNode(
            &server_,
            node_id(spec.path),
            parent,
            standard(UA_NS0ID_HASPROPERTY),
            name,
            standard(UA_NS0ID_PROPERTYTYPE),
            attributes,
            context,
            nullptr
        ),
        spec.path
    );
}

Status Nodes::object_type(
    std::string_view path, std::string_view name, std::string_view description
) {
    UA_ObjectTypeAttributes attributes = UA_ObjectTypeAttributes_default;
    attributes.displayName = text(name);
    attributes.description = text(description);
    return check(
        UA_Server_addObjectTypeNode(
            &server_,
            node_id(path),
            standard(UA_NS0ID_BASEOBJECTTYPE),
            standard(UA_NS0ID_HASSUBTYPE),
            browse_name(name),
            attributes,
            nullptr,
            nullptr
        ),
        path
    );
}

Status Nodes::begin_object(
    std::string_view path,
    std::string_view name,
    std::string_view description,
    const UA_NodeId& parent,
    const UA_NodeId& type,
    void* context
) {
    UA_ObjectAttributes attributes = UA_ObjectAttributes_default;
    attributes.displayName = text(name);
    attributes.description = text(description);
    attributes.eventNotifier = UA_EVENTNOTIFIER_SUBSCRIBE_TO_EVENT;
    return check(
        UA_Server_addNode_begin(
            &server_,
            UA_NODECLASS_OBJECT,
            node_id(path),
            parent,
            standard(UA_NS0ID_ORGANIZES),
            browse_name(name),
            type,
            &attributes,
            &UA_TYPES[UA_TYPES_OBJECTATTRIBUTES],
            context,
            nullptr
        ),
        path
    );
}

Status Nodes::finish(std::string_view path) {
    return check(UA_Server_addNode_finish(&server_, node_id(path)), path);
}

void write_scalar(
    UA_Server& server,
    std::string_view path,
    const void* value,
    const UA_DataType& type,
    Timestamp source_time
) {
    UA_DataValue data;
    UA_DataValue_init(&data);
    UA_Variant_setScalar(&data.value, const_cast<void*>(value), &type);  // NOLINT: read only
    data.hasValue = true;
    data.sourceTimestamp = to_date_time(source_time);
    data.hasSourceTimestamp = true;
    data.serverTimestamp = UA_DateTime_now();
    data.hasServerTimestamp = true;
    UA_Server_writeDataValue(&server, node_id(path), data);
}

bool write_value(
    UA_Server& server,
    std::string_view path,
    const MetricValue* value,
    Timestamp source_time,
    UA_StatusCode status
) {
    UA_DataValue data;
    UA_DataValue_init(&data);
    double number = 0;
    bool flag = false;
    UA_String words = UA_STRING_NULL;
    if (value != nullptr) {
        if (const auto* as_number = std::get_if<double>(value)) {
            number = *as_number;
            UA_Variant_setScalar(&data.value, &number, &UA_TYPES[UA_TYPES_DOUBLE]);
        } else if (const auto* as_flag = std::get_if<bool>(value)) {
            flag = *as_flag;
            UA_Variant_setScalar(&data.value, &flag, &UA_TYPES[UA_TYPES_BOOLEAN]);
        } else {
            words = view(std::get<std::string>(*value));
            UA_Variant_setScalar(&data.value, &words, &UA_TYPES[UA_TYPES_STRING]);
        }
        data.hasValue = true;
        data.sourceTimestamp = to_date_time(source_time);
        data.hasSourceTimestamp = true;
    }
    data.serverTimestamp = UA_DateTime_now();
    data.hasServerTimestamp = true;
    data.status = status;
    data.hasStatus = status != UA_STATUSCODE_GOOD;
    // Not through the node's access level, which lets clients read only.
    return UA_Server_writeDataValue(&server, node_id(path), data) == UA_STATUSCODE_GOOD;
}

}  // namespace modax::opcua
