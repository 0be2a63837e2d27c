# Lo que permite un permiso, una frase cada uno, después de «Si aceptas, podrá».

permission-account-email-manage = ver y confirmar tu correo electrónico
permission-account-email-read = ver tu correo electrónico y si está confirmado
permission-account-repo-manage = sustituir todos tus registros importando un repositorio
permission-account-repo-read = ver el estado de tu repositorio, como cualquiera
permission-account-status-manage = ver si tu cuenta está activa; solo tú puedes cambiarlo
permission-account-status-read = ver si tu cuenta está activa, como cualquier aplicación

permission-atproto = saber cuál es tu cuenta

permission-blob-any = subir archivos de cualquier tipo
permission-blob-kind = subir archivos de los tipos { $kind }
permission-blob-type = subir archivos del tipo { $type }

permission-identity-any = controlar toda tu identidad: tu nombre de usuario, tus claves y dónde está tu cuenta
permission-identity-handle = cambiar tu nombre de usuario

permission-include = todo lo que contiene el conjunto de permisos { $set }
permission-include-service = todo lo que contiene el conjunto de permisos { $set }, con el servicio { $service }

permission-repo-any-create = crear registros en todas las colecciones
permission-repo-any-create-delete = crear y eliminar registros en todas las colecciones
permission-repo-any-create-update = crear y modificar registros en todas las colecciones
permission-repo-any-create-update-delete = crear, modificar y eliminar registros en todas las colecciones
permission-repo-any-delete = eliminar registros en todas las colecciones
permission-repo-any-update = modificar registros en todas las colecciones
permission-repo-any-update-delete = modificar y eliminar registros en todas las colecciones
permission-repo-create = crear registros { $collection }
permission-repo-create-delete = crear y eliminar registros { $collection }
permission-repo-create-update = crear y modificar registros { $collection }
permission-repo-create-update-delete = crear, modificar y eliminar registros { $collection }
permission-repo-delete = eliminar registros { $collection }
permission-repo-update = modificar registros { $collection }
permission-repo-update-delete = modificar y eliminar registros { $collection }

permission-rpc = llamar a { $method } del servicio { $service } en tu nombre
permission-rpc-any-method = llamar a todos los métodos del servicio { $service } en tu nombre
permission-rpc-any-service = llamar a { $method } de cualquier servicio en tu nombre

permission-transition-chat = leer y escribir tus mensajes de chat, junto con transition:generic
permission-transition-generic-rpc = llamar a todos los métodos de todos los servicios en tu nombre, salvo el chat; entre ellos, tus preferencias

permission-chat = leer y escribir tus mensajes de chat
permission-chat-idle = nada: el permiso de chat solo tiene efecto junto con otro más amplio, que no se ha pedido

warning-any-method = esto abarca todo lo que ese servicio puede hacer por ti, ahora y más adelante.
warning-any-service = esto puede enviarse a cualquier servicio, no a uno en particular.
warning-chat = son conversaciones privadas.
warning-far-reaching = esto llega muy lejos. Acéptalo solo si confías en la aplicación.
warning-generic = esto abarca casi todo lo que puede hacer tu cuenta, como una contraseña de aplicación.
warning-identity = quien tenga esto puede quedarse con la cuenta para siempre.
warning-repo = esto abarca también los registros de todas las demás aplicaciones: publicaciones, «me gusta», todo.
warning-repo-add = esto abarca también las colecciones de todas las demás aplicaciones.
