using Mono.Cecil;
using Mono.Cecil.Cil;

namespace KlarKonform.Backup.Architecture;

/// <summary>
/// Which types of an assembly use which others of it: bases, members, attributes, and what method bodies mention. Constants are inlined and
/// leave no trace.
/// </summary>
internal static class TypeUses
{
    /// <summary>Every pair of different outermost types of which the first uses the second.</summary>
    public static IReadOnlyList<(TypeDefinition User, TypeDefinition Used)> Of(ModuleDefinition module)
    {
        var uses = new HashSet<(TypeDefinition, TypeDefinition)>();
        foreach (var type in module.GetTypes())
        {
            var user = Outermost(type);
            foreach (var reference in ReferencesOf(type).SelectMany(Parts))
            {
                if (reference.Scope != module && reference.Scope is not ModuleDefinition)
                    continue;
                if (reference.Resolve() is { } found && found.Module == module && Outermost(found) is var used && used != user)
                    uses.Add((user, used));
            }
        }

        return [.. uses];
    }

    private static TypeDefinition Outermost(TypeDefinition type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return type;
    }

    private static IEnumerable<TypeReference> ReferencesOf(TypeDefinition type)
    {
        if (type.BaseType is { } basis)
            yield return basis;
        foreach (
            var reference in type
                .Interfaces.Select(each => each.InterfaceType)
                .Concat(type.GenericParameters.SelectMany(each => each.Constraints).Select(each => each.ConstraintType))
                .Concat(AttributesOf(type))
        )
            yield return reference;
        foreach (var field in type.Fields)
        {
            yield return field.FieldType;
            foreach (var reference in AttributesOf(field))
                yield return reference;
        }

        foreach (var property in type.Properties.SelectMany(AttributesOf))
            yield return property;
        foreach (var reference in type.Methods.SelectMany(ReferencesOf))
            yield return reference;
    }

    private static IEnumerable<TypeReference> ReferencesOf(MethodDefinition method)
    {
        foreach (
            var reference in SignatureOf(method)
                .Concat(AttributesOf(method))
                .Concat(method.GenericParameters.SelectMany(each => each.Constraints).Select(each => each.ConstraintType))
        )
            yield return reference;
        if (!method.HasBody)
            yield break;
        foreach (var variable in method.Body.Variables)
            yield return variable.VariableType;
        foreach (var caught in method.Body.ExceptionHandlers.Where(each => each.CatchType is not null))
            yield return caught.CatchType;
        foreach (var reference in method.Body.Instructions.SelectMany(ReferencesOf))
            yield return reference;
    }

    private static IEnumerable<TypeReference> ReferencesOf(Instruction instruction) =>
        instruction.Operand switch
        {
            TypeReference type => [type],
            FieldReference field => [field.DeclaringType, field.FieldType],
            GenericInstanceMethod method => [method.DeclaringType, .. SignatureOf(method.ElementMethod), .. method.GenericArguments],
            MethodReference method => [method.DeclaringType, .. SignatureOf(method)],
            _ => [],
        };

    private static IEnumerable<TypeReference> SignatureOf(MethodReference method) =>
        [method.ReturnType, .. method.Parameters.Select(each => each.ParameterType)];

    private static IEnumerable<TypeReference> AttributesOf(ICustomAttributeProvider provider) =>
        provider.CustomAttributes.Select(each => each.AttributeType);

    // A list of something is the list and the something.
    private static IEnumerable<TypeReference> Parts(TypeReference reference) =>
        reference switch
        {
            GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
            TypeSpecification specification => Parts(specification.ElementType),
            GenericParameter => [],
            _ => [reference],
        };
}
