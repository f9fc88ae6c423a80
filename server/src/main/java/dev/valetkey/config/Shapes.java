package dev.valetkey.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the shape of the file off the configuration records. */
final class Shapes {

  /** The shape of the whole file. */
  static final Shape.Section CONFIG = section(Config.class);

  private Shapes() {}

  /** Of a record that stands alone, with all its keys. */
  static Shape.Section section(Class<? extends Record> type) {
    return section(type, Set.of());
  }

  private static Shape.Section section(Class<? extends Record> type, Set<String> without) {
    List<Shape.Entry> entries = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Key about = component.getAnnotation(Key.class);
      String key = Names.snakeCase(component.getName());
      if (about != null && !without.contains(key)) {
        boolean nullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
        Shape shape = shape(component.getGenericType(), about);
        entries.add(new Shape.Entry(key, component.getName(), shape, about, nullable));
      }
    }
    return new Shape.Section(type, List.copyOf(entries));
  }

  private static Shape shape(Type type, Key about) {
    if (type instanceof ParameterizedType generic) {
      Type element = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      return generic.getRawType() == Map.class
          ? new Shape.MapOf(shape(element, about), about.filled())
          : new Shape.ListOf(shape(element, about), about.form() == Form.SCOPE, about.filled());
    }
    Class<?> plain = (Class<?>) type;
    if (plain.isRecord() && hasKeys(plain)) {
      return section(plain.asSubclass(Record.class), Set.of(about.without()));
    }
    if (plain == GrantConfig.class) {
      return variants(plain, GrantConfig.TokenExchange.class);
    }
    return Scalars.of(plain, about);
  }

  /** Whether a record is a section of the file; others are single values. */
  private static boolean hasKeys(Class<?> type) {
    return Arrays.stream(type.getRecordComponents())
        .anyMatch(component -> component.isAnnotationPresent(Key.class));
  }

  private static Shape.Variants variants(Class<?> sealed, Class<?> usual) {
    Map<String, Shape.Section> byType = new LinkedHashMap<>();
    records(sealed)
        .forEach(variant -> byType.put(Names.snakeCase(variant.getSimpleName()), section(variant)));
    return new Shape.Variants(byType, Names.snakeCase(usual.getSimpleName()));
  }

  private static Stream<Class<? extends Record>> records(Class<?> sealed) {
    return Arrays.stream(sealed.getPermittedSubclasses())
        .flatMap(permitted ->
            permitted.isRecord()
                ? Stream.of(permitted.asSubclass(Record.class))
                : records(permitted));
  }
}
